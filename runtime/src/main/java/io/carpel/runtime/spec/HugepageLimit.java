package io.carpel.runtime.spec;

/// @param pageSize as the kernel writes it, for example `2MB`
/// @param bytes the limit in bytes
public record HugepageLimit(String pageSize, long bytes) {}
