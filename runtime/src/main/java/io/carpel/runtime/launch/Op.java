package io.carpel.runtime.launch;

import io.carpel.runtime.spec.Bytes;
import java.util.List;

/// One operation of a plan: what the shim does next, in whichever process it then is.
///
/// Paths called `target` are inside the container's root and resolved there; all others are the
/// host's. A *slot* numbers a detached mount that an earlier operation made and a later one
/// attaches. Opcodes and field order are drawn in `wire.h` and written by [PlanWriter].
public sealed interface Op {
    // ---- settings of the shim itself, before the first Fork or Clone

    /// Where the exit record goes.
    record ExitFile(String path) implements Op {}

    /// Where output goes, in the CRI log format.
    record LogFile(String path) implements Op {}

    /// How the standard streams are made.
    record Stdio(boolean tty, boolean stdin, boolean stdinOnce) implements Op {}

    /// What is read and killed when the container has ended; empty strings for what there is not.
    ///
    /// @param killDir cgroup directory whose processes are killed
    /// @param oomFile file with a line `oom_kill N`
    /// @param peakFile file with the highest memory use
    record Accounting(String killDir, String oomFile, String peakFile) implements Op {}

    /// The shim ends once the process runs: nobody waits for a reaper.
    record Detach() implements Op {}

    /// An exec's own cgroup, made below `parent`, so that it can be killed whole.
    record Track(String parent, boolean unified) implements Op {}

    /// Kill everything the exec has started after this time.
    record TimeLimit(long milliseconds) implements Op {}

    // ---- processes and namespaces

    /// The rest happens in a child, which is placed into `cgroupDir` (v2) unless that is empty.
    record Fork(String cgroupDir) implements Op {}

    /// The rest happens in a child that becomes the container's (or exec's) first process.
    ///
    /// @param sibling it is a child of the shim, not of the process that clones it
    record Clone(long flags, String cgroupDir, boolean sibling) implements Op {}

    /// Enter the v1 cgroup of this `tasks` file.
    record JoinCgroup(String tasksFile) implements Op {}

    /// Enter the exec's own cgroup on v1.
    record JoinTracked() implements Op {}

    /// oom_score_adj, as near as the host allows.
    record OomScore(int value) implements Op {}

    /// Open all the files, then enter them in order.
    record JoinNamespaces(List<Pin> pins) implements Op {
        public JoinNamespaces {
            pins = List.copyOf(pins);
        }
    }

    /// @param type the CLONE_NEW… flag it must be
    record Pin(String path, long type) {}

    /// Enter the namespaces of the container's first process.
    record JoinContainer(long flags) implements Op {}

    record Unshare(long flags) implements Op {}

    /// User and group 0 of the namespace just entered, no supplementary groups.
    record BecomeRoot() implements Op {}

    record Hostname(String name) implements Op {}

    record LoopbackUp() implements Op {}

    /// Report that all went well so far and wait to be told to go on.
    record Gate() implements Op {}

    /// Be the reaper of a pid namespace for ever.
    record Reap() implements Op {}

    /// The process ends here.
    record End() implements Op {}

    /// Give the pipes that are the standard streams to the root of a user namespace that is about
    /// to be entered; inside, they could not be given to anybody.
    record OwnStreams(long uid, long gid) implements Op {}

    // ---- mounts, prepared while host paths can be reached

    /// A detached copy of a layer, its owners seen through a user namespace.
    record Layer(int slot, String path, String userNamespace) implements Op {}

    record Chown(String path, long uid, long gid) implements Op {}

    /// An overlay of `lower` directories (top first) or, when that is empty, of the `layerCount`
    /// detached mounts from `firstLayerSlot` (top first). No `upper` means read-only.
    record Overlay(
            int slot,
            List<String> lower,
            int firstLayerSlot,
            int layerCount,
            String upper,
            String work)
            implements Op {
        public Overlay {
            lower = List.copyOf(lower);
        }
    }

    /// A detached copy of a host path.
    ///
    /// @param subPath resolved below `source` as its root; empty for `source` itself
    /// @param attributes MOUNT_ATTR_… to set
    /// @param everywhere set them on everything mounted below, too
    /// @param propagation MS_PRIVATE, MS_SLAVE or MS_SHARED
    /// @param userNamespace idmap by this file; empty for none
    /// @param optional a missing source is no failure; the slot stays empty
    record Bind(
            int slot,
            String source,
            String subPath,
            boolean recursive,
            long attributes,
            boolean everywhere,
            long propagation,
            String userNamespace,
            boolean optional)
            implements Op {}

    /// An empty read-only filesystem, for a process that needs no files.
    record Empty(int slot) implements Op {}

    // ---- mounts, attached in the container's own mount namespace

    /// Make everything private and put the slot where the root will be.
    record AttachRoot(int slot) implements Op {}

    /// A new filesystem at `target`, which is made as a directory when absent and must not be
    /// reached by a link.
    ///
    /// @param options `key=value`, or `key` for a flag
    record Filesystem(String type, String target, long attributes, List<String> options)
            implements Op {
        public Filesystem {
            options = List.copyOf(options);
        }
    }

    /// A slot at `target`, which is made as a file or directory, like the source, when absent.
    record Attach(int slot, String target) implements Op {}

    /// Show only a path of what was just attached at `target` there.
    record SubPath(String target, String path) implements Op {}

    /// A character device made in the container's own `/dev`.
    record Node(String target, int mode, int major, int minor) implements Op {}

    /// A device node like that of the host.
    record HostNode(String source, String target) implements Op {}

    /// Fail unless the node at `target` is this character device.
    record Verify(String target, int major, int minor) implements Op {}

    record Symlink(String content, String target) implements Op {}

    /// A terminal of the container's own devpts as the process's streams.
    ///
    /// @param bindConsole show it as `/dev/console`
    record Console(boolean bindConsole, long uid) implements Op {}

    record Mask(String target) implements Op {}

    record ReadonlyPath(String target) implements Op {}

    record ReadonlyRoot() implements Op {}

    /// The attached root becomes `/`, and the host's is gone.
    record Pivot() implements Op {}

    // ---- the process

    /// Written through a fresh, private procfs.
    ///
    /// @param path below `/proc/sys`
    record Sysctl(String path, String value) implements Op {}

    /// Made when absent; must lie inside the root.
    record WorkingDir(String path) implements Op {}

    /// @param soft as `getrlimit(2)` has it; all ones is infinity
    record Rlimit(int resource, long soft, long hard) implements Op {}

    record NoNewPrivileges() implements Op {}

    record ExecLabel(String text) implements Op {}

    record Bounding(long mask) implements Op {}

    /// Group, exactly these supplementary groups, user; permitted capabilities are kept.
    record Identity(long uid, long gid, List<Long> groups) implements Op {
        public Identity {
            groups = List.copyOf(groups);
        }
    }

    record Capabilities(long effective, long permitted, long inheritable) implements Op {}

    record Ambient(long mask) implements Op {}

    record Seccomp(Bytes filter) implements Op {}

    /// Try the candidates in order; the last operation.
    ///
    /// @param env `NAME=value`
    record Execute(List<Bytes> argv, List<Bytes> env, List<String> candidates) implements Op {
        public Execute {
            argv = List.copyOf(argv);
            env = List.copyOf(env);
            candidates = List.copyOf(candidates);
        }
    }
}
