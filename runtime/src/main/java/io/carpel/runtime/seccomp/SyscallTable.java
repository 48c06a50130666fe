package io.carpel.runtime.seccomp;

import io.carpel.runtime.linux.SeccompCalls;
import java.util.List;
import java.util.OptionalInt;

/// System calls by name: libseccomp's knowledge, and what came after it.
///
/// Above 424 all architectures number new calls alike, so one list serves them. Debian 12's
/// libseccomp ends with Linux 5.17; without this list a C library that tries `fchmodat2` first
/// would get EPERM and fail instead of falling back.
public final class SyscallTable {
    private static final int FIRST_SHARED = 451;

    /// From [#FIRST_SHARED] on, Linux 6.5 to 6.17.
    private static final List<String> SHARED =
            List.of(
                    "cachestat",
                    "fchmodat2",
                    "map_shadow_stack",
                    "futex_wake",
                    "futex_wait",
                    "futex_requeue",
                    "statmount",
                    "listmount",
                    "lsm_get_self_attr",
                    "lsm_set_self_attr",
                    "lsm_list_modules",
                    "mseal",
                    "setxattrat",
                    "getxattrat",
                    "listxattrat",
                    "removexattrat",
                    "open_tree_attr",
                    "file_getattr",
                    "file_setattr");

    private final SeccompCalls seccomp;

    public SyscallTable(SeccompCalls seccomp) {
        this.seccomp = seccomp;
    }

    /// The highest number known here; what lies above is newer than this program.
    public static int last() {
        return FIRST_SHARED + SHARED.size() - 1;
    }

    /// The number on this machine; empty when nobody knows the name.
    public OptionalInt number(String name) {
        OptionalInt known = seccomp.resolve(name);
        if (known.isPresent()) {
            return known;
        }
        int index = SHARED.indexOf(name);
        return index < 0 ? OptionalInt.empty() : OptionalInt.of(FIRST_SHARED + index);
    }

    /// Whether libseccomp itself knows the call.
    boolean inLibrary(String name) {
        return seccomp.resolve(name).isPresent();
    }
}
