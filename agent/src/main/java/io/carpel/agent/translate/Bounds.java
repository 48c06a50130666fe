package io.carpel.agent.translate;

/// How much of anything a request may hold. Far above what a kubelet sends; a request beyond them
/// is refused before it costs memory, mounts or native calls.
final class Bounds {
    /// The kernel's MAX_ARG_STRLEN: one argument or variable with its terminating zero.
    static final int ARGUMENT_BYTES = 128 * 1024;

    static final int ARGUMENTS = 65_536;
    static final int VARIABLES = 16_384;
    static final int MOUNTS = 4_096;
    static final int DEVICES = 4_096;
    static final int NAMED_DEVICES = 1_000;
    static final int PORTS = 16_384;
    static final int PATHS = 4_096;
    static final int CAPABILITIES = 256;
    static final int SYSCTLS = 1_024;
    static final int DNS_WORDS = 256;
    static final int HUGEPAGE_SIZES = 64;
    static final int UNIFIED_KEYS = 256;
    static final int LABELS = 16_384;

    /// NGROUPS_MAX of the kernel.
    static final int GROUPS = 65_536;

    /// Lines of an id map (user_namespaces(7)).
    static final int ID_MAPPINGS = 340;

    /// PATH_MAX without the terminating zero.
    static final int PATH_BYTES = 4_095;

    static final int NAME_BYTES = 1_024;

    private Bounds() {}
}
