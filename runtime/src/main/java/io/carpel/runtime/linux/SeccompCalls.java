package io.carpel.runtime.linux;

import java.util.List;
import java.util.OptionalInt;

/// libseccomp, as far as compiling a filter goes.
public interface SeccompCalls {
    // seccomp.h
    int ACT_KILL_PROCESS = 0x8000_0000;
    int ACT_KILL_THREAD = 0;
    int ACT_TRAP = 0x0003_0000;
    int ACT_ERRNO = 0x0005_0000;
    int ACT_TRACE = 0x7ff0_0000;
    int ACT_LOG = 0x7ffc_0000;
    int ACT_ALLOW = 0x7fff_0000;

    /// `enum scmp_compare`.
    int CMP_NE = 1;

    int CMP_LT = 2;
    int CMP_LE = 3;
    int CMP_EQ = 4;
    int CMP_GE = 5;
    int CMP_GT = 6;
    int CMP_MASKED_EQ = 7;

    /// `SCMP_FLTATR_CTL_OPTIMIZE`; 2 is a binary tree (since libseccomp 2.5).
    int ATTRIBUTE_OPTIMIZE = 8;

    /// `SCMP_FLTATR_ACT_BADARCH`.
    int ATTRIBUTE_BAD_ARCHITECTURE = 2;

    /// One condition on an argument of a system call.
    ///
    /// @param index 0…5
    /// @param operator one of `CMP_*`
    /// @param value compared with, or the mask for [#CMP_MASKED_EQ]
    /// @param masked the expected value under the mask
    record Comparison(int index, int operator, long value, long masked) {}

    /// A filter being built.
    interface Filter extends AutoCloseable {
        /// Adds an architecture by its `AUDIT_ARCH_*` token; one that is there already is fine.
        void addArchitecture(int token) throws ErrnoException;

        void removeArchitecture(int token) throws ErrnoException;

        void setAttribute(int attribute, int value) throws ErrnoException;

        /// Adds a rule; all comparisons must hold.
        ///
        /// @param syscall number on the native architecture, or a pseudo number of [#resolve]
        void addRule(int action, int syscall, List<Comparison> comparisons) throws ErrnoException;

        /// Takes all of `other`'s architectures and rules; `other` is closed by that.
        void merge(Filter other) throws ErrnoException;

        /// The program as the kernel takes it: whole `struct sock_filter`.
        byte[] export() throws ErrnoException;

        @Override
        void close();
    }

    /// Starts a filter for the native architecture.
    ///
    /// @param defaultAction for every call without a rule
    Filter filter(int defaultAction) throws ErrnoException;

    /// The number of a system call on the native architecture (negative pseudo numbers stand for
    /// calls that other architectures have); empty when libseccomp does not know the name.
    OptionalInt resolve(String syscall);

    /// The `AUDIT_ARCH_*` token of an architecture by libseccomp's name, such as `x86_64`.
    OptionalInt architecture(String name);

    /// The token of this machine.
    int nativeArchitecture();
}
