package io.carpel.runtime.security;

/// The five sets of capabilities(7) as bit masks: bit n is capability number n.
public record CapabilitySets(
        long bounding, long effective, long permitted, long inheritable, long ambient) {}
