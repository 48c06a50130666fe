package io.carpel.runtime.linux;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.OptionalInt;

/// [SeccompCalls] by libseccomp.so.2, which answers failures as negative errno values.
public final class LinuxSeccompCalls implements SeccompCalls {
    /// What `seccomp_syscall_resolve_name` answers for an unknown name (`__NR_SCMP_ERROR`).
    private static final int UNKNOWN = -1;

    private static final int COMPARISON_SIZE = 24;

    // Apart, so that a host without libseccomp fails here and not when this class is named.
    private static final class Library {
        static {
            Native.register(Library.class, "seccomp");
        }

        private static native Pointer seccomp_init(int action);

        private static native void seccomp_release(Pointer filter);

        private static native int seccomp_arch_add(Pointer filter, int token);

        private static native int seccomp_arch_remove(Pointer filter, int token);

        private static native int seccomp_attr_set(Pointer filter, int attribute, int value);

        private static native int seccomp_rule_add_array(
                Pointer filter, int action, int syscall, int count, Pointer comparisons);

        private static native int seccomp_merge(Pointer into, Pointer from);

        private static native int seccomp_export_bpf(Pointer filter, int fd);

        private static native int seccomp_syscall_resolve_name(byte[] name);

        private static native int seccomp_arch_resolve_name(byte[] name);

        private static native int seccomp_arch_native();
    }

    private static final class C {
        static {
            Native.register(C.class, "c");
        }

        private static native int memfd_create(byte[] name, int flags) throws LastErrorException;

        private static native long pread(int fd, byte[] into, long count, long offset)
                throws LastErrorException;
    }

    @Override
    public Filter filter(int defaultAction) throws ErrnoException {
        Pointer context = Library.seccomp_init(defaultAction);
        if (context == null) {
            throw new ErrnoException("seccomp_init", "", Errno.EINVAL);
        }
        return new NativeFilter(context);
    }

    @Override
    public OptionalInt resolve(String syscall) {
        int number = Library.seccomp_syscall_resolve_name(LinuxMountCalls.cString(syscall));
        return number == UNKNOWN ? OptionalInt.empty() : OptionalInt.of(number);
    }

    @Override
    public OptionalInt architecture(String name) {
        int token = Library.seccomp_arch_resolve_name(LinuxMountCalls.cString(name));
        return token == 0 ? OptionalInt.empty() : OptionalInt.of(token);
    }

    @Override
    public int nativeArchitecture() {
        return Library.seccomp_arch_native();
    }

    private static void check(String call, String subject, int result) throws ErrnoException {
        if (result < 0) {
            throw new ErrnoException(call, subject, -result);
        }
    }

    private static final class NativeFilter implements Filter {
        private final Pointer context;
        private boolean released;

        NativeFilter(Pointer context) {
            this.context = context;
        }

        private Pointer context() {
            if (released) {
                throw new IllegalStateException("seccomp filter already closed");
            }
            return context;
        }

        @Override
        public void addArchitecture(int token) throws ErrnoException {
            int result = Library.seccomp_arch_add(context(), token);
            if (result != -Errno.EEXIST) {
                check("seccomp_arch_add", Integer.toHexString(token), result);
            }
        }

        @Override
        public void removeArchitecture(int token) throws ErrnoException {
            int result = Library.seccomp_arch_remove(context(), token);
            check("seccomp_arch_remove", Integer.toHexString(token), result);
        }

        @Override
        public void setAttribute(int attribute, int value) throws ErrnoException {
            check(
                    "seccomp_attr_set",
                    attribute + "=" + value,
                    Library.seccomp_attr_set(context(), attribute, value));
        }

        @Override
        public void addRule(int action, int syscall, List<Comparison> comparisons)
                throws ErrnoException {
            try (Memory array = new Memory(Math.max(1L, comparisons.size()) * COMPARISON_SIZE)) {
                for (int i = 0; i < comparisons.size(); i++) {
                    Comparison comparison = comparisons.get(i);
                    long at = (long) i * COMPARISON_SIZE;
                    array.setInt(at, comparison.index());
                    array.setInt(at + 4, comparison.operator());
                    array.setLong(at + 8, comparison.value());
                    array.setLong(at + 16, comparison.masked());
                }
                check(
                        "seccomp_rule_add_array",
                        "system call " + syscall,
                        Library.seccomp_rule_add_array(
                                context(), action, syscall, comparisons.size(), array));
            }
        }

        @Override
        public void merge(Filter other) throws ErrnoException {
            if (!(other instanceof NativeFilter from)) {
                throw new IllegalArgumentException("not a filter of libseccomp");
            }
            check("seccomp_merge", "", Library.seccomp_merge(context(), from.context()));
            from.released = true;
        }

        @Override
        public byte[] export() throws ErrnoException {
            byte[] name = LinuxMountCalls.cString("seccomp");
            try (Fd file = new Fd(C.memfd_create(name, 1))) {
                check(
                        "seccomp_export_bpf",
                        "",
                        Library.seccomp_export_bpf(context(), file.number()));
                var out = new ByteArrayOutputStream();
                byte[] chunk = new byte[64 * 1024];
                long read;
                while ((read = C.pread(file.number(), chunk, chunk.length, out.size())) > 0) {
                    out.write(chunk, 0, (int) read);
                }
                return out.toByteArray();
            } catch (LastErrorException e) {
                throw new ErrnoException("memfd_create", "seccomp", e.getErrorCode());
            }
        }

        @Override
        public void close() {
            if (!released) {
                released = true;
                Library.seccomp_release(context);
            }
        }
    }
}
