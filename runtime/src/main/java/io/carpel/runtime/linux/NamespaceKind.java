package io.carpel.runtime.linux;

import java.util.Optional;

/// The kinds of namespace, with the `CLONE_NEW*` flag of `linux/sched.h` and the name of the link
/// below `/proc/PID/ns`.
public enum NamespaceKind {
    MOUNT(0x0002_0000, "mnt"),
    /// Since 4.6.
    CGROUP(0x0200_0000, "cgroup"),
    UTS(0x0400_0000, "uts"),
    IPC(0x0800_0000, "ipc"),
    USER(0x1000_0000, "user"),
    PID(0x2000_0000, "pid"),
    NET(0x4000_0000, "net");

    private final int flag;
    private final String procName;

    NamespaceKind(int flag, String procName) {
        this.flag = flag;
        this.procName = procName;
    }

    /// The `CLONE_NEW*` bit.
    public int flag() {
        return flag;
    }

    /// The file name below `/proc/PID/ns`.
    public String procName() {
        return procName;
    }

    /// The kind with this `CLONE_NEW*` bit, as `NS_GET_NSTYPE` answers it.
    public static Optional<NamespaceKind> ofFlag(int flag) {
        for (NamespaceKind kind : values()) {
            if (kind.flag == flag) {
                return Optional.of(kind);
            }
        }
        return Optional.empty();
    }
}
