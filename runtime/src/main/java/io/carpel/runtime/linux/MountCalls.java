package io.carpel.runtime.linux;

import java.nio.file.Path;

/// Calls that change the mount table, the old and the descriptor-based ones.
///
/// Paths inside a container's root are never given to the path-based calls: the shim works on
/// descriptors there. These calls serve the host side: pins, the pod's shared memory, probes.
public interface MountCalls {
    // sys/mount.h
    long MS_RDONLY = 0x1;
    long MS_NOSUID = 0x2;
    long MS_NODEV = 0x4;
    long MS_NOEXEC = 0x8;
    long MS_BIND = 0x1000;
    long MS_REC = 0x4000;
    long MS_PRIVATE = 0x4_0000;
    long MS_SLAVE = 0x8_0000;
    long MS_SHARED = 0x10_0000;
    int MNT_DETACH = 2;
    int UMOUNT_NOFOLLOW = 8;
    // linux/mount.h, fcntl.h
    int OPEN_TREE_CLONE = 1;
    int AT_RECURSIVE = 0x8000;
    int AT_SYMLINK_NOFOLLOW = 0x100;

    /// mount(2).
    ///
    /// @param source may be empty where the kernel ignores it
    /// @param filesystem may be empty where the kernel ignores it
    /// @param data options of the filesystem; may be empty
    void mount(String source, Path target, String filesystem, long flags, String data)
            throws ErrnoException;

    /// umount2(2).
    void unmount(Path target, int flags) throws ErrnoException;

    /// open_tree(2), since 5.2: with [#OPEN_TREE_CLONE] a detached copy of the mount at `path`.
    Fd openTree(Path path, int flags) throws ErrnoException;

    /// move_mount(2), since 5.2: attaches a detached mount at `target`.
    void moveMount(Fd detached, Path target) throws ErrnoException;

    /// mount_setattr(2) on the descriptor's mount itself, since 5.12.
    ///
    /// @param flags 0 or [#AT_RECURSIVE]
    void setAttributes(Fd mount, int flags, MountAttributes change) throws ErrnoException;

    /// mount_setattr(2) that maps the ids of a detached mount by a user namespace.
    void mapIds(Fd mount, int flags, Fd userNamespace) throws ErrnoException;

    /// fsopen(2), since 5.2: a context in which a filesystem is configured.
    Fd fsopen(String filesystem) throws ErrnoException;

    /// fsconfig(2) `FSCONFIG_SET_STRING`; the kernel takes 255 bytes at most.
    void fsconfigString(Fd context, String key, String value) throws ErrnoException;

    /// fsconfig(2) `FSCONFIG_SET_FD`.
    void fsconfigFd(Fd context, String key, Fd value) throws ErrnoException;

    /// fsconfig(2) `FSCONFIG_CMD_CREATE`.
    void fsconfigCreate(Fd context) throws ErrnoException;

    /// fsmount(2): the configured filesystem as a detached mount.
    ///
    /// @param attributes `MOUNT_ATTR_*` bits
    Fd fsmount(Fd context, long attributes) throws ErrnoException;

    /// statfs(2).
    FilesystemInfo statfs(Path path) throws ErrnoException;
}
