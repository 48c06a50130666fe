package io.carpel.runtime.linux;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Extended attributes (xattr(7)) for [LinuxFileCalls].
final class FileAttributes {
    private static final int LIMIT = 64 * 1024;
    private static final int USUAL = 256;

    private FileAttributes() {}

    /// Puts an attribute into the buffer and gives its length.
    @FunctionalInterface
    private interface Read {
        long into(byte[] value);
    }

    static void set(Fd file, String name, byte[] value) throws ErrnoException {
        byte[] raw = FileName.encode(name);
        LinuxFileCalls.call(
                "fsetxattr",
                name,
                () -> FileLibc.fsetxattr(file.number(), raw, value, value.length, 0));
    }

    /// By its `/proc` path, which a descriptor of `O_PATH` has as well.
    static void setOf(Fd file, String name, byte[] value) throws ErrnoException {
        byte[] path = FileName.encode(file.procPath());
        byte[] raw = FileName.encode(name);
        LinuxFileCalls.call(
                "setxattr", name, () -> FileLibc.setxattr(path, raw, value, value.length, 0));
    }

    /// @param name for messages
    /// @param path whose last link is not followed
    static void setBelow(String name, String path, String attribute, byte[] value)
            throws ErrnoException {
        byte[] to = FileName.encode(path);
        byte[] raw = FileName.encode(attribute);
        LinuxFileCalls.call(
                "lsetxattr", name, () -> FileLibc.lsetxattr(to, raw, value, value.length, 0));
    }

    static byte[] get(Fd file, String name) throws ErrnoException {
        byte[] raw = FileName.encode(name);
        return get(
                "fgetxattr",
                name,
                value -> FileLibc.fgetxattr(file.number(), raw, value, value.length));
    }

    /// By its `/proc` path, which a descriptor of `O_PATH` has as well.
    static byte[] getOf(Fd file, String name) throws ErrnoException {
        byte[] path = FileName.encode(file.procPath());
        byte[] raw = FileName.encode(name);
        return get("getxattr", name, value -> FileLibc.getxattr(path, raw, value, value.length));
    }

    /// @param name for messages
    /// @param path whose last link is not followed
    static byte[] getBelow(String name, String path, String attribute) throws ErrnoException {
        byte[] from = FileName.encode(path);
        byte[] raw = FileName.encode(attribute);
        return get("lgetxattr", name, value -> FileLibc.lgetxattr(from, raw, value, value.length));
    }

    private static byte[] get(String call, String name, Read read) throws ErrnoException {
        try {
            return get(call, name, read, new byte[USUAL]);
        } catch (ErrnoException e) {
            if (!e.is(Errno.ERANGE)) {
                throw e;
            }
            return get(call, name, read, new byte[LIMIT]);
        }
    }

    private static byte[] get(String call, String name, Read read, byte[] value)
            throws ErrnoException {
        long length = LinuxFileCalls.call(call, name, () -> read.into(value));
        return Arrays.copyOf(value, (int) length);
    }

    static List<String> list(Fd file) throws ErrnoException {
        byte[] names = new byte[LIMIT];
        int length =
                (int)
                        LinuxFileCalls.call(
                                "flistxattr",
                                "",
                                () -> FileLibc.flistxattr(file.number(), names, names.length));
        List<String> out = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < length; i++) {
            if (names[i] == 0) {
                out.add(FileName.decode(names, from, i - from));
                from = i + 1;
            }
        }
        return out;
    }
}
