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

    /// Settings of the shim itself.
    sealed interface Setting extends Op {}

    /// Where the exit record goes.
    record ExitFile(String path) implements Setting {}

    /// Where output goes, in the CRI log format.
    record LogFile(String path) implements Setting {}

    /// How the standard streams are made.
    record Stdio(boolean tty, boolean stdin, boolean stdinOnce) implements Setting {}

    /// What is read and killed when the container has ended; empty strings for what there is not.
    ///
    /// @param killDir cgroup directory whose processes are killed
    /// @param oomFile file with a line `oom_kill N`
    /// @param peakFile file with the highest memory use
    record Accounting(String killDir, String oomFile, String peakFile) implements Setting {}

    /// The shim ends once the process runs: nobody waits for a reaper.
    record Detach() implements Setting {}

    /// An exec's own cgroup, made below `parent`, so that it can be killed whole.
    record Track(String parent, boolean unified) implements Setting {}

    /// Kill everything the exec has started after this time.
    record TimeLimit(long milliseconds) implements Setting {}

    // ---- processes and namespaces

    /// Processes, cgroups and namespaces.
    sealed interface Step extends Op {}

    /// The rest happens in a child, which is placed into `cgroupDir` (v2) unless that is empty.
    record Fork(String cgroupDir) implements Step {}

    /// The rest happens in a child that becomes the container's (or exec's) first process.
    ///
    /// @param sibling it is a child of the shim, not of the process that clones it
    record Clone(long flags, String cgroupDir, boolean sibling) implements Step {}

    /// Enter the v1 cgroup of this `tasks` file.
    record JoinCgroup(String tasksFile) implements Step {}

    /// Enter the exec's own cgroup on v1.
    record JoinTracked() implements Step {}

    /// oom_score_adj, as near as the host allows.
    record OomScore(int value) implements Step {}

    /// Open all the files, then enter them in order.
    record JoinNamespaces(List<Pin> pins) implements Step {
        public JoinNamespaces {
            pins = List.copyOf(pins);
        }
    }

    /// @param type the CLONE_NEW… flag it must be
    record Pin(String path, long type) {}

    /// Enter the namespaces of the container's first process.
    record JoinContainer(long flags) implements Step {}

    record Unshare(long flags) implements Step {}

    /// User and group 0 of the namespace just entered, no supplementary groups.
    record BecomeRoot() implements Step {}

    record Hostname(String name) implements Step {}

    record LoopbackUp() implements Step {}

    /// Report that all went well so far and wait to be told to go on.
    record Gate() implements Step {}

    /// Be the reaper of a pid namespace for ever.
    record Reap() implements Step {}

    /// The process ends here.
    record End() implements Step {}

    /// Give the pipes that are the standard streams to the root of a user namespace that is about
    /// to be entered; inside, they could not be given to anybody.
    record OwnStreams(long uid, long gid) implements Step {}

    // ---- mounts, prepared while host paths can be reached

    /// Mounts that are prepared.
    sealed interface Source extends Op {}

    /// A detached copy of a layer, its owners seen through a user namespace.
    record Layer(int slot, String path, String userNamespace) implements Source {}

    record Chown(String path, long uid, long gid) implements Source {}

    /// An overlay of `lower` directories (top first) or, when that is empty, of the `layerCount`
    /// detached mounts from `firstLayerSlot` (top first). No `upper` means read-only. A writable
    /// one is volatile: nothing written to it is synced, and it must not be mounted a second time.
    ///
    /// @param options as for a [Filesystem]
    record Overlay(
            int slot,
            List<String> lower,
            int firstLayerSlot,
            int layerCount,
            String upper,
            String work,
            List<String> options)
            implements Source {
        public Overlay {
            lower = List.copyOf(lower);
            options = List.copyOf(options);
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
            implements Source {}

    /// An empty read-only filesystem, for a process that needs no files.
    ///
    /// @param options as for a [Filesystem]
    record Empty(int slot, List<String> options) implements Source {
        public Empty {
            options = List.copyOf(options);
        }
    }

    // ---- mounts, attached in the container's own mount namespace

    /// Mounts that are attached.
    sealed interface Tree extends Op {}

    /// Make everything private and put the slot where the root will be.
    record AttachRoot(int slot) implements Tree {}

    /// A new filesystem at `target`, which is made as a directory when absent and must not be
    /// reached by a link.
    ///
    /// @param options `key=value`, or `key` for a flag
    record Filesystem(String type, String target, long attributes, List<String> options)
            implements Tree {
        public Filesystem {
            options = List.copyOf(options);
        }
    }

    /// A slot at `target`, which is made as a file or directory, like the source, when absent.
    record Attach(int slot, String target) implements Tree {}

    /// One file or directory of a slot at `target`, which is made like it when absent.
    ///
    /// @param path resolved inside the slot as its root
    /// @param attributes MOUNT_ATTR_… to set
    record AttachPart(int slot, String target, String path, long attributes) implements Tree {}

    /// A character device made in the container's own `/dev`.
    record Node(String target, int mode, int major, int minor) implements Tree {}

    /// A device node like that of the host.
    ///
    /// @param mode permissions; all ones for those of the host's node, as for the owner
    record HostNode(String source, String target, long mode, long uid, long gid) implements Tree {}

    /// Fail unless the node at `target` is this character device.
    record Verify(String target, int major, int minor) implements Tree {}

    record Symlink(String content, String target) implements Tree {}

    /// A terminal of the container's own devpts as the process's streams.
    ///
    /// @param bindConsole show it as `/dev/console`
    record Console(boolean bindConsole, long uid) implements Tree {}

    /// Made unreadable.
    ///
    /// @param options of the empty filesystem that takes the place of a directory
    record Mask(String target, List<String> options) implements Tree {
        public Mask {
            options = List.copyOf(options);
        }
    }

    record ReadonlyPath(String target) implements Tree {}

    record ReadonlyRoot() implements Tree {}

    /// The attached root becomes `/`, and the host's is gone.
    record Pivot() implements Tree {}

    /// The mount at `target`, which was made before, becomes read-only; those below it do not.
    record ReadonlyMount(String target) implements Tree {}

    /// The directory at `target`, which was made before, gets this SELinux label, unless its
    /// filesystem has none.
    record Label(String target, String label) implements Tree {}

    // ---- the process

    /// The process itself.
    sealed interface Ending extends Op {}

    /// Written through a fresh, private procfs.
    ///
    /// @param path below `/proc/sys`
    record Sysctl(String path, String value) implements Ending {}

    /// Made when absent; must lie inside the root.
    record WorkingDir(String path) implements Ending {}

    /// @param soft as `getrlimit(2)` has it; all ones is infinity
    record Rlimit(int resource, long soft, long hard) implements Ending {}

    record NoNewPrivileges() implements Ending {}

    /// Written through a fresh, private procfs; takes effect when the program is executed.
    ///
    /// @param attribute below `/proc/thread-self/attr`
    record ExecLabel(String attribute, String text) implements Ending {}

    record Bounding(long mask) implements Ending {}

    /// Group, exactly these supplementary groups, user; permitted capabilities are kept.
    record Identity(long uid, long gid, List<Long> groups) implements Ending {
        public Identity {
            groups = List.copyOf(groups);
        }
    }

    record Capabilities(long effective, long permitted, long inheritable) implements Ending {}

    record Ambient(long mask) implements Ending {}

    record Seccomp(Bytes filter) implements Ending {}

    /// Try the candidates in order; the last operation.
    ///
    /// @param env `NAME=value`
    record Execute(List<Bytes> argv, List<Bytes> env, List<String> candidates) implements Ending {
        public Execute {
            argv = List.copyOf(argv);
            env = List.copyOf(env);
            candidates = List.copyOf(candidates);
        }
    }
}
