package io.carpel.runtime.linux;

/// What `statfs(2)` says of a filesystem.
///
/// @param type the magic number, see the constants
/// @param blockSize bytes in each block
/// @param blocks size in blocks
/// @param freeBlocks blocks that root may still use
/// @param availableBlocks blocks that others may still use
/// @param inodes number of inodes, 0 where the filesystem has no fixed number
/// @param freeInodes of those, unused
public record FilesystemInfo(
        long type,
        long blockSize,
        long blocks,
        long freeBlocks,
        long availableBlocks,
        long inodes,
        long freeInodes) {
    // linux/magic.h
    public static final long PROC = 0x9fa0;
    public static final long SYSFS = 0x6265_6572;
    public static final long TMPFS = 0x0102_1994;
    public static final long NSFS = 0x6e73_6673;
    public static final long OVERLAYFS = 0x794c_7630;
    public static final long CGROUP = 0x0027_e0eb;
    public static final long CGROUP2 = 0x6367_7270;
    public static final long EXT4 = 0xef53;
}
