package io.carpel.runtime.spec;

/// One `setrlimit(2)` limit.
///
/// @param name such as `RLIMIT_NOFILE`
/// @param soft −1 is infinity
/// @param hard −1 is infinity
public record RlimitSpec(String name, long soft, long hard) {}
