package io.carpel.runtime.linux;

import java.nio.ByteBuffer;
import java.util.List;

/// Files by descriptor: opening without leaving a directory, making, linking, owning, syncing.
///
/// A `name` or `path` argument is relative to the directory descriptor beside it. Names are bytes
/// in UTF-8 on the Java side; file names that are not UTF-8 cannot be expressed and are refused by
/// the rooms that read archives.
public interface FileCalls {
    // fcntl.h
    int O_RDONLY = 0;
    int O_WRONLY = 01;
    int O_RDWR = 02;
    int O_CREAT = 0100;
    int O_EXCL = 0200;
    int O_TRUNC = 01000;
    int O_NONBLOCK = 04000;
    int O_CLOEXEC = 02000000;

    /// One of the two flags here whose values differ between machines (arm64 has its own).
    int O_DIRECTORY = "aarch64".equals(System.getProperty("os.arch")) ? 040000 : 0200000;

    /// The other one (arm64 has its own).
    int O_NOFOLLOW = "aarch64".equals(System.getProperty("os.arch")) ? 0100000 : 0400000;

    /// Reference to a file without opening it; not usable for reading or `fchmod`.
    int O_PATH = 010000000;

    // linux/openat2.h, Linux 5.6
    long RESOLVE_NO_XDEV = 0x01;
    long RESOLVE_NO_MAGICLINKS = 0x02;
    long RESOLVE_NO_SYMLINKS = 0x04;
    long RESOLVE_BENEATH = 0x08;
    long RESOLVE_IN_ROOT = 0x10;

    // linux/stat.h
    int S_IFMT = 0170000;
    int S_IFSOCK = 0140000;
    int S_IFLNK = 0120000;
    int S_IFREG = 0100000;
    int S_IFBLK = 0060000;
    int S_IFDIR = 0040000;
    int S_IFCHR = 0020000;
    int S_IFIFO = 0010000;

    int AT_REMOVEDIR = 0x200;

    // linux/fs.h
    int RENAME_NOREPLACE = 1;
    int RENAME_EXCHANGE = 2;

    // linux/fs.h, chattr(1): who has these can be deleted by nobody, root included
    int FS_IMMUTABLE_FL = 0x10;
    int FS_APPEND_FL = 0x20;

    /// An inode's data; `mode` includes the type.
    record Stat(
            int mode,
            long uid,
            long gid,
            long size,
            long blocks,
            long inode,
            int links,
            int deviceMajor,
            int deviceMinor,
            int rdevMajor,
            int rdevMinor) {
        public boolean isDirectory() {
            return (mode & S_IFMT) == S_IFDIR;
        }

        public boolean isRegular() {
            return (mode & S_IFMT) == S_IFREG;
        }

        public boolean isSymlink() {
            return (mode & S_IFMT) == S_IFLNK;
        }
    }

    /// A filesystem's data.
    record FsStat(
            long type, long blockSize, long blocks, long available, long files, long freeFiles) {}

    /// Opens a path of the host; for roots only.
    Fd open(String path, int flags, int mode) throws ErrnoException;

    /// @param flags `O_…`; `O_CLOEXEC` is always added
    /// @param mode permission bits for `O_CREAT`, else 0
    /// @param resolve `RESOLVE_…`
    Fd openat2(Fd directory, String path, int flags, int mode, long resolve) throws ErrnoException;

    void mkdirat(Fd directory, String name, int mode) throws ErrnoException;

    void mknodat(Fd directory, String name, int mode, int major, int minor) throws ErrnoException;

    void symlinkat(String target, Fd directory, String name) throws ErrnoException;

    /// Never follows `from` when it is a symbolic link.
    void linkat(Fd fromDirectory, String from, Fd toDirectory, String to) throws ErrnoException;

    /// Gives the open file a name (`linkat` of `/proc/self/fd/N` with AT_SYMLINK_FOLLOW).
    void linkFd(Fd file, Fd toDirectory, String to) throws ErrnoException;

    void unlinkat(Fd directory, String name, int flags) throws ErrnoException;

    /// Removes an empty directory by its path on the host; for filesystems of the kernel's own.
    void rmdir(String path) throws ErrnoException;

    void renameat2(Fd fromDirectory, String from, Fd toDirectory, String to, int flags)
            throws ErrnoException;

    /// Of the entry itself, never of what a link points to.
    void fchownat(Fd directory, String name, long uid, long gid) throws ErrnoException;

    void fchown(Fd file, long uid, long gid) throws ErrnoException;

    void fchmod(Fd file, int mode) throws ErrnoException;

    /// Of an entry that is no symbolic link: follows one.
    void fchmodat(Fd directory, String name, int mode) throws ErrnoException;

    /// Access and change time of the entry itself.
    void utimensat(Fd directory, String name, long seconds, int nanos) throws ErrnoException;

    void futimens(Fd file, long seconds, int nanos) throws ErrnoException;

    String readlinkat(Fd directory, String name) throws ErrnoException;

    Stat fstat(Fd file) throws ErrnoException;

    /// Of the entry itself.
    Stat fstatat(Fd directory, String name) throws ErrnoException;

    FsStat fstatfs(Fd file) throws ErrnoException;

    void fsetxattr(Fd file, String name, byte[] value) throws ErrnoException;

    /// On an entry that cannot be opened (link, device): through the directory's `/proc` path,
    /// without following a last link.
    void lsetxattrat(Fd directory, String name, String attribute, byte[] value)
            throws ErrnoException;

    byte[] fgetxattr(Fd file, String name) throws ErrnoException;

    /// Of whatever the descriptor refers to, be it one of `O_PATH` or of a link, by its `/proc`
    /// path.
    void setxattr(Fd file, String name, byte[] value) throws ErrnoException;

    /// Of whatever the descriptor refers to, as above.
    byte[] getxattr(Fd file, String name) throws ErrnoException;

    byte[] lgetxattrat(Fd directory, String name, String attribute) throws ErrnoException;

    List<String> flistxattr(Fd file) throws ErrnoException;

    /// `FS_…_FL` of a regular file or a directory (FS_IOC_GETFLAGS).
    ///
    /// @throws ErrnoException ENOTTY or EOPNOTSUPP on filesystems that have none
    int inodeFlags(Fd file) throws ErrnoException;

    /// Takes the place of all flags (FS_IOC_SETFLAGS).
    void inodeFlags(Fd file, int flags) throws ErrnoException;

    /// Names in the directory but `.` and `..`, unordered. For directories of ours only: whoever
    /// fills one with millions of files fills the heap of who lists it.
    List<String> list(Fd directory) throws ErrnoException;

    /// What is to be done with each name of a directory.
    @FunctionalInterface
    interface NameWork {
        /// @return whether to go on
        boolean take(String name) throws ErrnoException;
    }

    /// As [#list], a few hundred names at a time, however many there are. Names may be deleted
    /// meanwhile; the position of the descriptor moves.
    void eachName(Fd directory, NameWork work) throws ErrnoException;

    /// Writes all of `data`, which must be a direct buffer.
    void writeFully(Fd file, ByteBuffer data) throws ErrnoException;

    /// @return bytes read into the direct buffer, 0 at the end
    int read(Fd file, ByteBuffer into) throws ErrnoException;

    void ftruncate(Fd file, long size) throws ErrnoException;

    /// @return the new offset
    long seek(Fd file, long offset) throws ErrnoException;

    void fsync(Fd file) throws ErrnoException;

    /// The whole filesystem that holds `file`; can take long: platform threads only.
    void syncfs(Fd file) throws ErrnoException;

    /// An anonymous file in memory (Linux 3.17), close-on-exec.
    ///
    /// @param sealable allow `F_ADD_SEALS`
    Fd memfd(String name, boolean sealable) throws ErrnoException;

    /// Forbids writing, growing and shrinking for good.
    void sealForever(Fd memfd) throws ErrnoException;
}
