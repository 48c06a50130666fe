package io.carpel.runtime.launch;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntSupplier;

/// The mounts every container gets: /proc, /dev with its nodes, /sys, the cgroup tree, and the
/// sandbox's files; each left out where the container brings its own.
final class DefaultMounts {
    /// @param prepare while the host's paths can be reached
    /// @param attach in the container's own mount namespace
    record Default(String target, List<Op> prepare, List<Op> attach) {}

    private record Node(String name, int minor, int major) {}

    private static final List<Node> NODES =
            List.of(
                    new Node("null", 3, 1),
                    new Node("zero", 5, 1),
                    new Node("full", 7, 1),
                    new Node("random", 8, 1),
                    new Node("urandom", 9, 1),
                    new Node("tty", 0, 5));

    private static final long QUIET =
            MountPlanner.NOSUID | MountPlanner.NODEV | MountPlanner.NOEXEC;

    private final ContainerLaunch launch;
    private final Set<String> taken;
    private final IntSupplier slots;
    private final List<Default> list = new ArrayList<>();
    private final List<Op> sealed = new ArrayList<>();

    /// @param taken targets of the container's own mounts
    DefaultMounts(ContainerLaunch launch, Set<String> taken, IntSupplier slots) {
        this.launch = launch;
        this.taken = taken;
        this.slots = slots;
    }

    List<Default> list() {
        filesystem("/proc", "proc", QUIET, List.of());
        if (!taken.contains("/dev")) {
            dev();
        }
        sys();
        var files = launch.podFiles();
        // They belong to the root: where that is not to be written to they are not either.
        long readonly = launch.root().readonly() ? MountPlanner.RDONLY : 0;
        files.hosts().ifPresent(path -> bind("/etc/hosts", path, readonly, false));
        files.hostname().ifPresent(path -> bind("/etc/hostname", path, readonly, false));
        files.resolv().ifPresent(path -> bind("/etc/resolv.conf", path, readonly, false));
        return list;
    }

    /// What becomes read-only once everything is mounted.
    List<Op> sealed() {
        return sealed;
    }

    private boolean inUser() {
        return launch.namespaces().pins().user().isPresent();
    }

    private void add(String target, List<Op> prepare, List<Op> attach) {
        if (!taken.contains(target)) {
            list.add(new Default(target, prepare, attach));
        }
    }

    private void filesystem(String target, String type, long attributes, List<String> options) {
        add(target, List.of(), List.of(new Op.Filesystem(type, target, attributes, options)));
    }

    /// One of its own, which has the label of its files.
    private void labelled(String target, String type, long attributes, List<String> options) {
        filesystem(target, type, attributes, MountPlanner.labelled(launch, options));
    }

    private void bind(String target, Path source, long attributes, boolean optional) {
        bind(target, source, attributes, optional, false);
    }

    private void bind(
            String target, Path source, long attributes, boolean optional, boolean recursive) {
        int slot = slots.getAsInt();
        Op bind =
                new Op.Bind(
                        slot,
                        source.toString(),
                        "",
                        recursive,
                        attributes,
                        recursive,
                        MountPlanner.MS_PRIVATE,
                        "",
                        optional);
        add(target, List.of(bind), List.of(new Op.Attach(slot, target)));
    }

    private void dev() {
        List<Op> prepare = new ArrayList<>();
        List<Op> attach = new ArrayList<>();
        attach.add(
                new Op.Filesystem(
                        "tmpfs",
                        "/dev",
                        MountPlanner.NOSUID,
                        MountPlanner.labelled(launch, List.of("mode=755", "size=65536k"))));
        nodes(prepare, attach);
        devices(prepare, attach);
        attach.add(new Op.Symlink("/proc/self/fd", "/dev/fd"));
        attach.add(new Op.Symlink("/proc/self/fd/0", "/dev/stdin"));
        attach.add(new Op.Symlink("/proc/self/fd/1", "/dev/stdout"));
        attach.add(new Op.Symlink("/proc/self/fd/2", "/dev/stderr"));
        attach.add(new Op.Symlink("/proc/kcore", "/dev/core"));
        attach.add(new Op.Symlink("pts/ptmx", "/dev/ptmx"));
        list.add(new Default("/dev", prepare, attach));
        labelled(
                "/dev/pts",
                "devpts",
                MountPlanner.NOSUID | MountPlanner.NOEXEC,
                List.of("newinstance", "ptmxmode=0666", "mode=0620", "gid=5"));
        if (inUser() && launch.namespaces().pins().ipc().isEmpty()) {
            // The host's ipc namespace belongs to another user namespace: no mount of its own.
            bind("/dev/mqueue", Path.of("/dev/mqueue"), QUIET, true);
        } else {
            mqueue();
        }
        bind("/dev/shm", launch.podFiles().shm(), QUIET, false);
    }

    /// It is there since its IPC namespace is, so the label comes too late for an option.
    private void mqueue() {
        List<Op> attach = new ArrayList<>();
        attach.add(new Op.Filesystem("mqueue", "/dev/mqueue", QUIET, List.of()));
        if (launch.namespaces().pins().ipc().isPresent()) {
            launch.label()
                    .ifPresent(label -> attach.add(new Op.Label("/dev/mqueue", label.text())));
        }
        add("/dev/mqueue", List.of(), attach);
    }

    /// mknod is not for user namespaces: there the host's nodes are bound, and checked.
    private void nodes(List<Op> prepare, List<Op> attach) {
        for (Node node : NODES) {
            String target = "/dev/" + node.name();
            if (inUser()) {
                bindNode(Path.of(target), target, prepare, attach);
                attach.add(new Op.Verify(target, node.major(), node.minor()));
            } else {
                attach.add(new Op.Node(target, 0666, node.major(), node.minor()));
            }
        }
    }

    private void devices(List<Op> prepare, List<Op> attach) {
        for (ContainerLaunch.Device device : launch.devices()) {
            String target = LaunchPlanner.inside(device.containerPath());
            boolean standard =
                    NODES.stream().anyMatch(node -> target.equals("/dev/" + node.name()));
            if (standard || taken.contains(target)) {
                continue;
            }
            if (inUser()) {
                bindNode(device.hostPath(), target, prepare, attach);
            } else {
                attach.add(
                        new Op.HostNode(
                                device.hostPath().toString(),
                                target,
                                device.mode(),
                                device.uid(),
                                device.gid()));
            }
        }
    }

    private void bindNode(Path source, String target, List<Op> prepare, List<Op> attach) {
        int slot = slots.getAsInt();
        prepare.add(
                new Op.Bind(
                        slot,
                        source.toString(),
                        "",
                        false,
                        MountPlanner.NOSUID | MountPlanner.NOEXEC,
                        false,
                        MountPlanner.MS_PRIVATE,
                        "",
                        false));
        attach.add(new Op.Attach(slot, target));
    }

    private void sys() {
        long readonly = launch.privileged() ? 0 : MountPlanner.RDONLY;
        boolean hostNetwork = launch.namespaces().pins().net().isEmpty();
        if (inUser() && hostNetwork) {
            // sysfs shows the network namespace, so only that namespace's owner may mount it.
            bind("/sys", Path.of("/sys"), QUIET | MountPlanner.RDONLY, false, true);
            return;
        }
        filesystem("/sys", "sysfs", QUIET | readonly, List.of());
        var cgroup = launch.cgroup();
        if (cgroup.isV2()) {
            filesystem("/sys/fs/cgroup", "cgroup2", QUIET | readonly, List.of());
        } else if (!cgroup.isNone()) {
            v1Cgroups(cgroup, readonly);
        }
    }

    private void v1Cgroups(CgroupPlacement cgroup, long readonly) {
        if (taken.contains("/sys/fs/cgroup")) {
            return; // what it brings is shown as it is
        }
        labelled("/sys/fs/cgroup", "tmpfs", QUIET, List.of("mode=755"));
        if (readonly != 0) {
            // Not from the beginning: the hierarchies' mount points have to be made in it.
            sealed.add(new Op.ReadonlyMount("/sys/fs/cgroup"));
        }
        for (Path tasks : cgroup.taskFiles()) {
            String name = CgroupFiles.hierarchy(tasks);
            if (!name.isEmpty()) {
                bind(
                        "/sys/fs/cgroup/" + name,
                        CgroupFiles.directory(tasks),
                        readonly | QUIET,
                        false);
            }
        }
        Optional<Path> unified = cgroup.v2Dir();
        unified.ifPresent(dir -> bind("/sys/fs/cgroup/unified", dir, readonly | QUIET, false));
    }
}
