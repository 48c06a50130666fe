package io.carpel.runtime.linux;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/// [FileCalls] by way of the C library.
public final class LinuxFileCalls implements FileCalls {
    private static final int AT_FDCWD = -100;
    private static final int AT_SYMLINK_NOFOLLOW = 0x100;
    private static final int AT_SYMLINK_FOLLOW = 0x400;
    private static final int AT_EMPTY_PATH = 0x1000;

    // asm/unistd.h: openat2 is 437 on every architecture, getdents64 is not
    private static final long SYS_OPENAT2 = 437;
    private static final long SYS_GETDENTS64 = Platform.isIntel() ? 217 : 61;

    // linux/stat.h
    private static final int STATX_BASIC_STATS = 0x7ff;
    private static final int STATX_SIZE = 256;
    private static final int STATFS_SIZE = 120;
    private static final int OPEN_HOW_SIZE = 24;
    private static final int DIRENT_BUFFER = 32 * 1024;
    private static final int DIRENT_NAME = 19;
    private static final int PATH_LIMIT = 4096;

    // linux/fs.h: the size says long, what is copied is an int
    private static final NativeLong FS_IOC_GETFLAGS = new NativeLong(0x8008_6601L);
    private static final NativeLong FS_IOC_SETFLAGS = new NativeLong(0x4008_6602L);

    // linux/memfd.h, linux/fcntl.h
    private static final int MFD_CLOEXEC = 1;
    private static final int MFD_ALLOW_SEALING = 2;
    private static final int F_ADD_SEALS = 1033;
    private static final int ALL_SEALS = 0x1 | 0x2 | 0x4 | 0x8;

    @FunctionalInterface
    interface Call {
        long run() throws LastErrorException;
    }

    static long call(String name, String subject, Call call) throws ErrnoException {
        while (true) {
            try {
                return call.run();
            } catch (LastErrorException e) {
                if (e.getErrorCode() != Errno.EINTR) {
                    throw new ErrnoException(name, subject, e.getErrorCode());
                }
            }
        }
    }

    @Override
    public Fd open(String path, int flags, int mode) throws ErrnoException {
        byte[] raw = FileName.encode(path);
        return new Fd(
                (int)
                        call(
                                "openat",
                                path,
                                () -> FileLibc.openat(AT_FDCWD, raw, flags | O_CLOEXEC, mode)));
    }

    @Override
    public Fd openat2(Fd directory, String path, int flags, int mode, long resolve)
            throws ErrnoException {
        byte[] raw = FileName.encode(path);
        ByteBuffer how = ByteBuffer.allocateDirect(OPEN_HOW_SIZE).order(ByteOrder.nativeOrder());
        how.putLong(0, (flags | O_CLOEXEC) & 0xFFFF_FFFFL).putLong(8, mode).putLong(16, resolve);
        Pointer howAddress = Native.getDirectBufferPointer(how);
        while (true) {
            try {
                long fd =
                        FileLibc.syscall(
                                SYS_OPENAT2, directory.number(), raw, howAddress, OPEN_HOW_SIZE);
                return new Fd((int) fd);
            } catch (LastErrorException e) {
                // EAGAIN: a rename somewhere made the kernel unsure whether ".." stays inside
                if (e.getErrorCode() != Errno.EINTR && e.getErrorCode() != Errno.EAGAIN) {
                    throw new ErrnoException("openat2", path, e.getErrorCode());
                }
            } finally {
                // The address alone keeps nothing: a collection would free what the kernel reads.
                Reference.reachabilityFence(how);
            }
        }
    }

    @Override
    public void mkdirat(Fd directory, String name, int mode) throws ErrnoException {
        byte[] raw = FileName.encode(name);
        call("mkdirat", name, () -> FileLibc.mkdirat(directory.number(), raw, mode));
    }

    @Override
    public void mknodat(Fd directory, String name, int mode, int major, int minor)
            throws ErrnoException {
        byte[] raw = FileName.encode(name);
        long device = device(major, minor);
        call("mknodat", name, () -> FileLibc.mknodat(directory.number(), raw, mode, device));
    }

    /// glibc's encoding of a device number, `sys/sysmacros.h`.
    private static long device(int major, int minor) {
        return ((major & 0xfffL) << 8)
                | ((major & 0xfffff000L) << 32)
                | (minor & 0xffL)
                | ((minor & 0xffffff00L) << 12);
    }

    @Override
    public void symlinkat(String target, Fd directory, String name) throws ErrnoException {
        byte[] raw = FileName.encode(name);
        byte[] to = FileName.encode(target);
        call("symlinkat", name, () -> FileLibc.symlinkat(to, directory.number(), raw));
    }

    @Override
    public void linkat(Fd fromDirectory, String from, Fd toDirectory, String to)
            throws ErrnoException {
        byte[] rawFrom = FileName.encode(from);
        byte[] rawTo = FileName.encode(to);
        call(
                "linkat",
                to,
                () ->
                        FileLibc.linkat(
                                fromDirectory.number(), rawFrom, toDirectory.number(), rawTo, 0));
    }

    @Override
    public void linkFd(Fd file, Fd toDirectory, String to) throws ErrnoException {
        byte[] from = FileName.encode(file.procPath());
        byte[] rawTo = FileName.encode(to);
        call(
                "linkat",
                to,
                () ->
                        FileLibc.linkat(
                                AT_FDCWD, from, toDirectory.number(), rawTo, AT_SYMLINK_FOLLOW));
    }

    @Override
    public void unlinkat(Fd directory, String name, int flags) throws ErrnoException {
        byte[] raw = FileName.encode(name);
        call("unlinkat", name, () -> FileLibc.unlinkat(directory.number(), raw, flags));
    }

    @Override
    public void rmdir(String path) throws ErrnoException {
        byte[] raw = FileName.encode(path);
        call("rmdir", path, () -> FileLibc.rmdir(raw));
    }

    @Override
    public int inodeFlags(Fd file) throws ErrnoException {
        var flags = new IntByReference();
        call("ioctl", "flags", () -> FileLibc.ioctl(file.number(), FS_IOC_GETFLAGS, flags));
        return flags.getValue();
    }

    @Override
    public void inodeFlags(Fd file, int flags) throws ErrnoException {
        var wanted = new IntByReference(flags);
        call("ioctl", "flags", () -> FileLibc.ioctl(file.number(), FS_IOC_SETFLAGS, wanted));
    }

    @Override
    public void renameat2(Fd fromDirectory, String from, Fd toDirectory, String to, int flags)
            throws ErrnoException {
        byte[] rawFrom = FileName.encode(from);
        byte[] rawTo = FileName.encode(to);
        call(
                "renameat2",
                from + " to " + to,
                () ->
                        FileLibc.renameat2(
                                fromDirectory.number(),
                                rawFrom,
                                toDirectory.number(),
                                rawTo,
                                flags));
    }

    @Override
    public void fchownat(Fd directory, String name, long uid, long gid) throws ErrnoException {
        byte[] raw = FileName.encode(name);
        call(
                "fchownat",
                name,
                () ->
                        FileLibc.fchownat(
                                directory.number(),
                                raw,
                                (int) uid,
                                (int) gid,
                                AT_SYMLINK_NOFOLLOW));
    }

    @Override
    public void fchown(Fd file, long uid, long gid) throws ErrnoException {
        call("fchown", "", () -> FileLibc.fchown(file.number(), (int) uid, (int) gid));
    }

    @Override
    public void fchmod(Fd file, int mode) throws ErrnoException {
        call("fchmod", "", () -> FileLibc.fchmod(file.number(), mode));
    }

    @Override
    public void fchmodat(Fd directory, String name, int mode) throws ErrnoException {
        byte[] raw = FileName.encode(name);
        call("fchmodat", name, () -> FileLibc.fchmodat(directory.number(), raw, mode, 0));
    }

    @Override
    public void utimensat(Fd directory, String name, long seconds, int nanos)
            throws ErrnoException {
        byte[] raw = FileName.encode(name);
        long[] times = {seconds, nanos, seconds, nanos};
        call(
                "utimensat",
                name,
                () -> FileLibc.utimensat(directory.number(), raw, times, AT_SYMLINK_NOFOLLOW));
    }

    @Override
    public void futimens(Fd file, long seconds, int nanos) throws ErrnoException {
        long[] times = {seconds, nanos, seconds, nanos};
        call("futimens", "", () -> FileLibc.futimens(file.number(), times));
    }

    @Override
    public String readlinkat(Fd directory, String name) throws ErrnoException {
        byte[] raw = FileName.encode(name);
        byte[] target = new byte[PATH_LIMIT];
        long length =
                call(
                        "readlinkat",
                        name,
                        () -> FileLibc.readlinkat(directory.number(), raw, target, target.length));
        return FileName.decode(target, 0, (int) length);
    }

    @Override
    public Stat fstat(Fd file) throws ErrnoException {
        return statx(file, new byte[1], AT_EMPTY_PATH, "");
    }

    @Override
    public Stat fstatat(Fd directory, String name) throws ErrnoException {
        return statx(directory, FileName.encode(name), AT_SYMLINK_NOFOLLOW, name);
    }

    private static Stat statx(Fd fd, byte[] name, int flags, String subject) throws ErrnoException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(STATX_SIZE).order(ByteOrder.nativeOrder());
        Pointer address = Native.getDirectBufferPointer(buffer);
        call(
                "statx",
                subject,
                () -> FileLibc.statx(fd.number(), name, flags, STATX_BASIC_STATS, address));
        // struct statx of linux/stat.h: the same on every architecture
        return new Stat(
                buffer.getShort(28) & 0xFFFF,
                buffer.getInt(20) & 0xFFFF_FFFFL,
                buffer.getInt(24) & 0xFFFF_FFFFL,
                buffer.getLong(40),
                buffer.getLong(48),
                buffer.getLong(32),
                buffer.getInt(16),
                buffer.getInt(136),
                buffer.getInt(140),
                buffer.getInt(128),
                buffer.getInt(132));
    }

    @Override
    public FsStat fstatfs(Fd file) throws ErrnoException {
        try (Memory memory = new Memory(STATFS_SIZE)) {
            memory.clear();
            call("fstatfs", "", () -> FileLibc.fstatfs(file.number(), memory));
            // struct statfs of asm-generic/statfs.h on 64-bit machines
            return new FsStat(
                    memory.getLong(0),
                    memory.getLong(8),
                    memory.getLong(16),
                    memory.getLong(32),
                    memory.getLong(40),
                    memory.getLong(48));
        }
    }

    @Override
    public void fsetxattr(Fd file, String name, byte[] value) throws ErrnoException {
        FileAttributes.set(file, name, value);
    }

    @Override
    public void setxattr(Fd file, String name, byte[] value) throws ErrnoException {
        FileAttributes.setOf(file, name, value);
    }

    @Override
    public void lsetxattrat(Fd directory, String name, String attribute, byte[] value)
            throws ErrnoException {
        FileAttributes.setBelow(name, below(directory, name), attribute, value);
    }

    private static String below(Fd directory, String name) {
        if (name.indexOf('/') >= 0 || name.isEmpty() || name.equals("..")) {
            throw new IllegalArgumentException("not a single name: " + name);
        }
        return directory.procPath() + "/" + name;
    }

    @Override
    public byte[] fgetxattr(Fd file, String name) throws ErrnoException {
        return FileAttributes.get(file, name);
    }

    @Override
    public byte[] getxattr(Fd file, String name) throws ErrnoException {
        return FileAttributes.getOf(file, name);
    }

    @Override
    public byte[] lgetxattrat(Fd directory, String name, String attribute) throws ErrnoException {
        return FileAttributes.getBelow(name, below(directory, name), attribute);
    }

    @Override
    public List<String> flistxattr(Fd file) throws ErrnoException {
        return FileAttributes.list(file);
    }

    @Override
    public List<String> list(Fd directory) throws ErrnoException {
        List<String> out = new ArrayList<>();
        eachName(directory, out::add);
        return out;
    }

    @Override
    public void eachName(Fd directory, NameWork work) throws ErrnoException {
        call("lseek", "", () -> FileLibc.lseek(directory.number(), 0, 0));
        byte[] part;
        do {
            part = nextEntries(directory);
        } while (part.length > 0 && takeEntries(part, work));
    }

    private static byte[] nextEntries(Fd directory) throws ErrnoException {
        try (Memory memory = new Memory(DIRENT_BUFFER)) {
            long length =
                    call(
                            "getdents64",
                            "",
                            () ->
                                    FileLibc.syscall(
                                            SYS_GETDENTS64,
                                            directory.number(),
                                            memory,
                                            DIRENT_BUFFER));
            return memory.getByteArray(0, (int) length);
        }
    }

    /// `struct linux_dirent64`: inode 8, offset 8, record length 2, type 1, then the name.
    private static boolean takeEntries(byte[] raw, NameWork work) throws ErrnoException {
        ByteBuffer view = ByteBuffer.wrap(raw).order(ByteOrder.nativeOrder());
        int at = 0;
        while (at < raw.length) {
            int record = view.getShort(at + 16) & 0xFFFF;
            int end = at + DIRENT_NAME;
            while (raw[end] != 0) {
                end++;
            }
            String name = FileName.decode(raw, at + DIRENT_NAME, end - at - DIRENT_NAME);
            if (!name.equals(".") && !name.equals("..") && !work.take(name)) {
                return false;
            }
            at += record;
        }
        return true;
    }

    @Override
    public void writeFully(Fd file, ByteBuffer data) throws ErrnoException {
        Pointer address = Native.getDirectBufferPointer(data);
        while (data.hasRemaining()) {
            int at = data.position();
            long written =
                    call(
                            "write",
                            "",
                            () ->
                                    FileLibc.write(
                                            file.number(), address.share(at), data.remaining()));
            data.position(at + (int) written);
        }
    }

    @Override
    public int read(Fd file, ByteBuffer into) throws ErrnoException {
        int at = into.position();
        Pointer address = Native.getDirectBufferPointer(into).share(at);
        int got =
                (int)
                        call(
                                "read",
                                "",
                                () -> FileLibc.read(file.number(), address, into.remaining()));
        into.position(at + got);
        return got;
    }

    @Override
    public void ftruncate(Fd file, long size) throws ErrnoException {
        call("ftruncate", "", () -> FileLibc.ftruncate(file.number(), size));
    }

    @Override
    public long seek(Fd file, long offset) throws ErrnoException {
        return call("lseek", "", () -> FileLibc.lseek(file.number(), offset, 0));
    }

    @Override
    public void fsync(Fd file) throws ErrnoException {
        call("fsync", "", () -> FileLibc.fsync(file.number()));
    }

    @Override
    public void syncfs(Fd file) throws ErrnoException {
        call("syncfs", "", () -> FileLibc.syncfs(file.number()));
    }

    @Override
    public Fd memfd(String name, boolean sealable) throws ErrnoException {
        byte[] raw = FileName.encode(name);
        int flags = MFD_CLOEXEC | (sealable ? MFD_ALLOW_SEALING : 0);
        return new Fd((int) call("memfd_create", name, () -> FileLibc.memfd_create(raw, flags)));
    }

    @Override
    public void sealForever(Fd memfd) throws ErrnoException {
        call("fcntl", "F_ADD_SEALS", () -> FileLibc.fcntl(memfd.number(), F_ADD_SEALS, ALL_SEALS));
    }
}
