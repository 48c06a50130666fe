package io.carpel.runtime.linux;

/// What `mount_setattr(2)` changes (`struct mount_attr`, since 5.12).
///
/// @param set `MOUNT_ATTR_*` bits to raise
/// @param clear `MOUNT_ATTR_*` bits to lower
/// @param propagation one of `MS_PRIVATE`, `MS_SLAVE`, `MS_SHARED`, `MS_UNBINDABLE`, or 0
public record MountAttributes(long set, long clear, long propagation) {
    // linux/mount.h
    public static final long RDONLY = 0x1;
    public static final long NOSUID = 0x2;
    public static final long NODEV = 0x4;
    public static final long NOEXEC = 0x8;
    public static final long IDMAP = 0x10_0000;
}
