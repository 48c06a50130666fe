package io.carpel.runtime.launch;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.MountSpec;
import io.carpel.runtime.spec.Printable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// The container's tree: which mounts are prepared where host paths can be reached, and in which
/// order they are attached inside. Parents come before what lies below them; of two mounts at one
/// place only the container's own is made.
final class MountPlanner {
    // linux/mount.h
    static final long RDONLY = 0x01;
    static final long NOSUID = 0x02;
    static final long NODEV = 0x04;
    static final long NOEXEC = 0x08;

    // sys/mount.h
    static final long MS_PRIVATE = 1L << 18;
    static final long MS_SLAVE = 1L << 19;
    static final long MS_SHARED = 1L << 20;

    private static final int MAX_MOUNTS = 4000;

    /// What may be mounted below /proc: files that a resource-aware /proc replaces.
    private static final Set<String> PROC_FILES =
            Set.of(
                    "/proc/cpuinfo",
                    "/proc/diskstats",
                    "/proc/meminfo",
                    "/proc/stat",
                    "/proc/swaps",
                    "/proc/uptime",
                    "/proc/loadavg",
                    "/proc/slabinfo",
                    "/proc/sys/kernel/ns_last_pid");

    /// Operations that belong together at one place.
    private record Place(String target, List<Op> prepare, List<Op> attach) {
        int depth() {
            return target.equals("/") ? 0 : Path.of(target).getNameCount();
        }
    }

    private final ContainerLaunch launch;
    private final List<Op> rootOps = new ArrayList<>();
    private final List<Place> places = new ArrayList<>();
    private final Set<String> taken = new HashSet<>();
    private final List<Op> sealed;
    private int nextSlot;

    MountPlanner(ContainerLaunch launch) {
        this.launch = launch;
        root();
        if (launch.mounts().size() + launch.devices().size() > MAX_MOUNTS) {
            throw new InvalidArgumentException(
                    "container %s: %d mounts and devices, at most %d are possible"
                            .formatted(
                                    launch.id(),
                                    launch.mounts().size() + launch.devices().size(),
                                    MAX_MOUNTS));
        }
        List<Place> own = new ArrayList<>();
        for (ResolvedMount mount : launch.mounts()) {
            String target = target(mount.spec());
            taken.add(target);
            own.add(place(mount, target));
        }
        DefaultMounts defaults = new DefaultMounts(launch, taken, this::takeSlot);
        for (DefaultMounts.Default mount : defaults.list()) {
            places.add(new Place(mount.target(), mount.prepare(), mount.attach()));
        }
        sealed = defaults.sealed();
        places.addAll(own);
        places.sort(Comparator.comparingInt(Place::depth)); // stable: defaults first
    }

    private int takeSlot() {
        return nextSlot++;
    }

    /// Slot 0 is the root.
    private void root() {
        var root = launch.root();
        if (root.layers().isEmpty()) {
            throw new InvalidArgumentException(
                    "container %s: the image has no layers".formatted(launch.id()));
        }
        int slot = takeSlot();
        List<Path> layers = root.layers().reversed();
        rootOps.addAll(
                overlay(slot, layers, root.upper().toString(), root.work().toString(), userPin()));
    }

    private Optional<Path> userPin() {
        return launch.namespaces().pins().user();
    }

    private List<Op> overlay(
            int slot, List<Path> topFirst, String upper, String work, Optional<Path> user) {
        List<Op> ops = new ArrayList<>();
        List<String> lower = new ArrayList<>();
        int first = 0;
        if (user.isPresent()) {
            first = nextSlot;
            for (Path layer : topFirst) {
                ops.add(new Op.Layer(takeSlot(), layer.toString(), user.get().toString()));
            }
        } else {
            topFirst.forEach(layer -> lower.add(layer.toString()));
        }
        int count = user.isPresent() ? topFirst.size() : 0;
        ops.add(
                new Op.Overlay(
                        slot, lower, first, count, upper, work, labelled(launch, List.of())));
        return ops;
    }

    /// With the label that everything on a filesystem of the container's own has (mount(8),
    /// `context=`), whatever lies below it.
    static List<String> labelled(ContainerLaunch launch, List<String> options) {
        List<String> all = new ArrayList<>(options);
        launch.label().ifPresent(label -> all.add("context=" + label.text()));
        return all;
    }

    private String target(MountSpec spec) {
        String target = LaunchPlanner.inside(spec.target());
        boolean inProc = target.startsWith("/proc/") && !PROC_FILES.contains(target);
        if (target.equals("/") || target.equals("/proc") || inProc) {
            throw new InvalidArgumentException(
                    "mount target '%s' is not possible".formatted(Printable.of(spec.target())));
        }
        return target;
    }

    private Place place(ResolvedMount mount, String target) {
        int slot = takeSlot();
        List<Op> prepare = new ArrayList<>();
        List<Op> attach = new ArrayList<>();
        String subPath = mount.spec().imageSubPath();
        List<Path> layers = stacked(mount);
        if (layers.size() > 1) {
            prepare.addAll(overlay(slot, layers.reversed(), "", "", userPin()));
            long attributes = options(mount.spec());
            attach.add(
                    subPath.isEmpty() && attributes == 0
                            ? new Op.Attach(slot, target)
                            : new Op.AttachPart(
                                    slot, target, subPath.isEmpty() ? "/" : subPath, attributes));
        } else {
            prepare.add(bind(mount, slot));
            attach.add(new Op.Attach(slot, target));
        }
        return new Place(target, prepare, attach);
    }

    /// Lowest first.
    private List<Path> stacked(ResolvedMount mount) {
        List<Path> layers = new ArrayList<>(mount.layers());
        if (layers.size() == 1) {
            launch.label().ifPresent(label -> layers.addFirst(label.empty()));
        }
        return layers;
    }

    private static long options(MountSpec spec) {
        long attributes = 0;
        for (String option : spec.options()) {
            attributes |=
                    switch (option) {
                        case "noexec" -> NOEXEC;
                        case "nodev" -> NODEV;
                        case "nosuid" -> NOSUID;
                        default ->
                                throw new InvalidArgumentException(
                                        "mount option '%s' of %s is not known"
                                                .formatted(
                                                        Printable.of(option),
                                                        Printable.of(spec.target())));
                    };
        }
        return attributes;
    }

    private Op bind(ResolvedMount mount, int slot) {
        MountSpec spec = mount.spec();
        boolean image = !mount.layers().isEmpty();
        long attributes = options(spec) | (spec.readonly() || image ? RDONLY : 0);
        long propagation =
                switch (spec.propagation()) {
                    case PRIVATE -> MS_PRIVATE;
                    case HOST_TO_CONTAINER -> MS_SLAVE;
                    case BIDIRECTIONAL -> MS_SHARED;
                };
        return new Op.Bind(
                slot,
                image ? mount.layers().getFirst().toString() : mount.source().toString(),
                image ? spec.imageSubPath() : "",
                !image,
                attributes,
                spec.recursiveReadonly(),
                propagation,
                idmap(mount).map(Path::toString).orElse(""),
                false);
    }

    private Optional<Path> idmap(ResolvedMount mount) {
        if (!mount.layers().isEmpty()) {
            return userPin();
        }
        if (mount.idmap().isPresent() || mount.spec().uidMappings().isEmpty()) {
            return mount.idmap();
        }
        boolean sandboxes =
                launch.namespaces().user().stream()
                        .anyMatch(user ->
                                user.uids().equals(mount.spec().uidMappings())
                                        && user.gids().equals(mount.spec().gidMappings()));
        if (!sandboxes) {
            throw new InvalidArgumentException(
                    "mount %s: id mappings differ from the sandbox's and no namespace carries them"
                            .formatted(Printable.of(mount.spec().target())));
        }
        return userPin();
    }

    /// While the host's paths can be reached.
    List<Op> prepare() {
        List<Op> ops = new ArrayList<>(rootOps);
        places.forEach(place -> ops.addAll(place.prepare()));
        return ops;
    }

    /// In the container's own mount namespace.
    List<Op> attach() {
        List<Op> ops = new ArrayList<>();
        ops.add(new Op.AttachRoot(0));
        places.forEach(place -> ops.addAll(place.attach()));
        ops.addAll(sealed);
        return ops;
    }
}
