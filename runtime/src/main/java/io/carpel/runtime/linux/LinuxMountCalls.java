package io.carpel.runtime.linux;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// [MountCalls] by libc and `syscall(2)`, since Debian 12's libc has no wrapper for the newer ones.
public final class LinuxMountCalls implements MountCalls {
    static {
        Native.register(LinuxMountCalls.class, "c");
    }

    // asm-generic/unistd.h: above 424 all architectures share one numbering.
    private static final long NR_OPEN_TREE = 428;
    private static final long NR_MOVE_MOUNT = 429;
    private static final long NR_FSOPEN = 430;
    private static final long NR_FSCONFIG = 431;
    private static final long NR_FSMOUNT = 432;
    private static final long NR_MOUNT_SETATTR = 442;

    private static final int AT_FDCWD = -100;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int OPEN_TREE_CLOEXEC = 0x8_0000;
    private static final int MOVE_MOUNT_F_EMPTY_PATH = 4;
    private static final int FSOPEN_CLOEXEC = 1;
    private static final int FSMOUNT_CLOEXEC = 1;
    private static final int FSCONFIG_SET_STRING = 1;
    private static final int FSCONFIG_SET_FD = 5;
    private static final int FSCONFIG_CMD_CREATE = 6;
    private static final int MOUNT_ATTR_SIZE = 32;
    private static final int STATFS_SIZE = 120;
    private static final byte[] EMPTY = {0};

    @Override
    public void mount(String source, Path target, String filesystem, long flags, String data)
            throws ErrnoException {
        try {
            mount(
                    cString(source),
                    cString(target),
                    filesystem.isEmpty() ? null : cString(filesystem),
                    flags,
                    data.isEmpty() ? null : cString(data));
        } catch (LastErrorException e) {
            String what = filesystem.isEmpty() ? source : filesystem;
            throw new ErrnoException("mount", what + " on " + target, e.getErrorCode());
        }
    }

    @Override
    public void unmount(Path target, int flags) throws ErrnoException {
        try {
            umount2(cString(target), flags);
        } catch (LastErrorException e) {
            throw new ErrnoException("umount2", target.toString(), e.getErrorCode());
        }
    }

    @Override
    public Fd openTree(Path path, int flags) throws ErrnoException {
        try {
            return new Fd(
                    (int)
                            syscall(
                                    NR_OPEN_TREE,
                                    AT_FDCWD,
                                    cString(path),
                                    flags | OPEN_TREE_CLOEXEC));
        } catch (LastErrorException e) {
            throw new ErrnoException("open_tree", path.toString(), e.getErrorCode());
        }
    }

    @Override
    public void moveMount(Fd detached, Path target) throws ErrnoException {
        try {
            syscall(
                    NR_MOVE_MOUNT,
                    detached.number(),
                    EMPTY,
                    AT_FDCWD,
                    cString(target),
                    MOVE_MOUNT_F_EMPTY_PATH);
        } catch (LastErrorException e) {
            throw new ErrnoException("move_mount", target.toString(), e.getErrorCode());
        }
    }

    @Override
    public void setAttributes(Fd mount, int flags, MountAttributes change) throws ErrnoException {
        setAttributes(mount, flags, change, 0);
    }

    @Override
    public void mapIds(Fd mount, int flags, Fd userNamespace) throws ErrnoException {
        setAttributes(
                mount,
                flags,
                new MountAttributes(MountAttributes.IDMAP, 0, 0),
                userNamespace.number());
    }

    private static void setAttributes(Fd mount, int flags, MountAttributes change, long userns)
            throws ErrnoException {
        try (Memory attr = new Memory(MOUNT_ATTR_SIZE)) {
            attr.setLong(0, change.set());
            attr.setLong(8, change.clear());
            attr.setLong(16, change.propagation());
            attr.setLong(24, userns);
            syscall(
                    NR_MOUNT_SETATTR,
                    mount.number(),
                    EMPTY,
                    flags | AT_EMPTY_PATH,
                    attr,
                    MOUNT_ATTR_SIZE);
        } catch (LastErrorException e) {
            throw new ErrnoException("mount_setattr", "", e.getErrorCode());
        }
    }

    @Override
    public Fd fsopen(String filesystem) throws ErrnoException {
        try {
            return new Fd((int) syscall(NR_FSOPEN, cString(filesystem), FSOPEN_CLOEXEC));
        } catch (LastErrorException e) {
            throw new ErrnoException("fsopen", filesystem, e.getErrorCode());
        }
    }

    @Override
    public void fsconfigString(Fd context, String key, String value) throws ErrnoException {
        fsconfig(context, FSCONFIG_SET_STRING, key, cString(value), 0);
    }

    @Override
    public void fsconfigFd(Fd context, String key, Fd value) throws ErrnoException {
        fsconfig(context, FSCONFIG_SET_FD, key, null, value.number());
    }

    @Override
    public void fsconfigCreate(Fd context) throws ErrnoException {
        fsconfig(context, FSCONFIG_CMD_CREATE, "", null, 0);
    }

    private static void fsconfig(
            Fd context, int command, String key, byte @Nullable [] value, int auxiliary)
            throws ErrnoException {
        try {
            syscall(
                    NR_FSCONFIG,
                    context.number(),
                    command,
                    key.isEmpty() ? null : cString(key),
                    value,
                    auxiliary);
        } catch (LastErrorException e) {
            throw new ErrnoException("fsconfig", key, e.getErrorCode());
        }
    }

    @Override
    public Fd fsmount(Fd context, long attributes) throws ErrnoException {
        try {
            return new Fd((int) syscall(NR_FSMOUNT, context.number(), FSMOUNT_CLOEXEC, attributes));
        } catch (LastErrorException e) {
            throw new ErrnoException("fsmount", "", e.getErrorCode());
        }
    }

    @Override
    public FilesystemInfo statfs(Path path) throws ErrnoException {
        // struct statfs of 64-bit architectures: eleven words and spare ones.
        try (Memory info = new Memory(STATFS_SIZE)) {
            statfs(cString(path), info);
            return new FilesystemInfo(
                    info.getLong(0),
                    info.getLong(8),
                    info.getLong(16),
                    info.getLong(24),
                    info.getLong(32),
                    info.getLong(40),
                    info.getLong(48));
        } catch (LastErrorException e) {
            throw new ErrnoException("statfs", path.toString(), e.getErrorCode());
        }
    }

    /// The path as the kernel wants it: bytes and a zero.
    static byte[] cString(Path path) {
        return cString(path.toString());
    }

    /// @throws IllegalArgumentException when the text holds a zero, which would cut it short
    static byte[] cString(String text) {
        if (text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("text for the kernel holds a NUL");
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return Arrays.copyOf(bytes, bytes.length + 1);
    }

    private static native int mount(
            byte[] source,
            byte[] target,
            byte @Nullable [] filesystem,
            long flags,
            byte @Nullable [] data)
            throws LastErrorException;

    private static native int umount2(byte[] target, int flags) throws LastErrorException;

    private static native int statfs(byte[] path, Pointer buffer) throws LastErrorException;

    // The variadic syscall(2), once for each shape used here: on amd64 and arm64 Linux passes
    // integers and pointers of variadic calls as of any other.
    private static native long syscall(long number, int fd, byte[] path, int flags)
            throws LastErrorException;

    private static native long syscall(
            long number, int from, byte[] fromPath, int to, byte[] toPath, int flags)
            throws LastErrorException;

    private static native long syscall(
            long number, int fd, byte[] path, int flags, Pointer attr, long size)
            throws LastErrorException;

    private static native long syscall(long number, byte[] name, int flags)
            throws LastErrorException;

    private static native long syscall(
            long number,
            int fd,
            int command,
            byte @Nullable [] key,
            byte @Nullable [] value,
            int auxiliary)
            throws LastErrorException;

    private static native long syscall(long number, int fd, int flags, long attributes)
            throws LastErrorException;
}
