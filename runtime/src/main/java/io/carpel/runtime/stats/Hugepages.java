package io.carpel.runtime.stats;

import java.util.Optional;

/// Huge pages of one size that a container uses.
///
/// @param pageSize as the kernel writes it, such as `2MB`
/// @param usage bytes
/// @param peak highest usage in bytes; empty where the kernel does not tell (version 2)
public record Hugepages(String pageSize, long usage, Optional<Long> peak) {}
