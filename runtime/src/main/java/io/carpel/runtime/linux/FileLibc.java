package io.carpel.runtime.linux;

import com.sun.jna.LastErrorException;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;

/// The C library's functions for files, under their own names. `size_t`, `off_t` and `dev_t` are 64
/// bits wide on the machines we run on.
final class FileLibc {
    static {
        Native.register(FileLibc.class, "c");
    }

    private FileLibc() {}

    static native int openat(int fd, byte[] path, int flags, int mode) throws LastErrorException;

    static native long syscall(long number, int fd, byte[] path, Pointer how, long size)
            throws LastErrorException;

    static native long syscall(long number, int fd, Pointer buffer, long size)
            throws LastErrorException;

    static native int mkdirat(int fd, byte[] path, int mode) throws LastErrorException;

    static native int mknodat(int fd, byte[] path, int mode, long device) throws LastErrorException;

    static native int symlinkat(byte[] target, int fd, byte[] path) throws LastErrorException;

    static native int linkat(int fromFd, byte[] from, int toFd, byte[] to, int flags)
            throws LastErrorException;

    static native int unlinkat(int fd, byte[] path, int flags) throws LastErrorException;

    static native int rmdir(byte[] path) throws LastErrorException;

    static native int ioctl(int fd, NativeLong request, IntByReference argument)
            throws LastErrorException;

    static native int renameat2(int fromFd, byte[] from, int toFd, byte[] to, int flags)
            throws LastErrorException;

    static native int fchownat(int fd, byte[] path, int uid, int gid, int flags)
            throws LastErrorException;

    static native int fchown(int fd, int uid, int gid) throws LastErrorException;

    static native int fchmod(int fd, int mode) throws LastErrorException;

    static native int fchmodat(int fd, byte[] path, int mode, int flags) throws LastErrorException;

    static native int utimensat(int fd, byte[] path, long[] times, int flags)
            throws LastErrorException;

    static native int futimens(int fd, long[] times) throws LastErrorException;

    static native long readlinkat(int fd, byte[] path, byte[] into, long size)
            throws LastErrorException;

    static native int statx(int fd, byte[] path, int flags, int mask, Pointer into)
            throws LastErrorException;

    static native int fstatfs(int fd, Pointer into) throws LastErrorException;

    static native int fsetxattr(int fd, byte[] name, byte[] value, long size, int flags)
            throws LastErrorException;

    static native int lsetxattr(byte[] path, byte[] name, byte[] value, long size, int flags)
            throws LastErrorException;

    static native int setxattr(byte[] path, byte[] name, byte[] value, long size, int flags)
            throws LastErrorException;

    static native long getxattr(byte[] path, byte[] name, byte[] value, long size)
            throws LastErrorException;

    static native long fgetxattr(int fd, byte[] name, byte[] value, long size)
            throws LastErrorException;

    static native long lgetxattr(byte[] path, byte[] name, byte[] value, long size)
            throws LastErrorException;

    static native long flistxattr(int fd, byte[] names, long size) throws LastErrorException;

    static native long write(int fd, Pointer data, long size) throws LastErrorException;

    static native long read(int fd, Pointer data, long size) throws LastErrorException;

    static native int ftruncate(int fd, long size) throws LastErrorException;

    static native long lseek(int fd, long offset, int whence) throws LastErrorException;

    static native int fsync(int fd) throws LastErrorException;

    static native int syncfs(int fd) throws LastErrorException;

    static native int memfd_create(byte[] name, int flags) throws LastErrorException;

    static native int fcntl(int fd, int command, int argument) throws LastErrorException;
}
