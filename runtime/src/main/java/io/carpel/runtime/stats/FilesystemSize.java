package io.carpel.runtime.stats;

/// The file system on which writable layers lie.
///
/// @param device what is mounted there, such as `/dev/sda1` or `tmpfs`
/// @param bytes its size
/// @param inodes how many files it can hold; 0 where that has no fixed bound
/// @param freeInodes of those, unused
public record FilesystemSize(String device, long bytes, long inodes, long freeInodes) {}
