package io.carpel.runtime.cgroup;

import io.carpel.runtime.error.AlreadyExistsException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.lifecycle.KeyedLocks;
import io.carpel.runtime.lifecycle.Rollback;
import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.spec.ResourceLimits;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// [CgroupManager] by mkdir(2) on the host's cgroup filesystems.
///
/// Parents that are missing are made and marked; such a parent goes when its last group goes, but
/// for the default parent, which goes on [#close]. A parent found there is somebody else's.
final class HostCgroups implements CgroupManager {
    private static final Duration PARENT_WAIT = Duration.ofSeconds(30);

    /// How often the parents of a group are made while others remove them.
    private static final int ATTEMPTS = 100;

    private static final Set<String> EXPECTED_V1 =
            Set.of("cpu", "cpuacct", "cpuset", "memory", "pids", "devices", "freezer");
    private static final Set<String> EXPECTED_V2 = Set.of("cpu", "cpuset", "memory", "pids", "io");

    private final CgroupConfig config;
    private final CgroupMounts mounts;
    private final DeviceGuard devices;
    private final ProcessKiller killer;
    private final List<String> deviceProblems;
    private final KeyedLocks locks = new KeyedLocks("cgroup parent");
    private final ParentMarks madeParents;
    private final List<Controller> controllers =
            List.of(
                    new CpusetController(),
                    new CpuController(),
                    new CpuacctController(),
                    new MemoryController(),
                    new PidsController(),
                    new HugetlbController(),
                    new BlkioController());

    HostCgroups(
            CgroupConfig config, CgroupMounts mounts, DeviceGuard devices, ProcessKiller killer) {
        this.config = config;
        this.mounts = mounts;
        this.devices = devices;
        this.killer = killer;
        this.madeParents = new ParentMarks(config.defaultParent());
        this.deviceProblems = mode() == CgroupMode.V2 ? devices.probe() : List.of();
        if (config.ownParent() && config.driver() == CgroupDriver.CGROUPFS) {
            List<String> own =
                    CgroupPaths.components("default cgroup parent", config.defaultParent());
            roots().forEach(root -> madeParents.own(root.resolve(String.join("/", own))));
        }
    }

    @Override
    public CgroupDriver driver() {
        return config.driver();
    }

    @Override
    public CgroupMode mode() {
        return mounts.mode();
    }

    @Override
    public Cgroup create(
            String parent, String leaf, ResourceLimits limits, DeviceRules deviceRules) {
        List<String> parents = parents(parent);
        CgroupPaths.checkName("cgroup leaf", leaf);
        var components = new ArrayList<>(parents);
        components.add(leaf);
        String path = CgroupPaths.join(components);
        // Before anything can be undone: an undo would kill what is in there.
        refuseInUse(components);
        Cgroup group = group(components, () -> forgetParents(parents));
        try (var undo = new Rollback()) {
            undo.add(group::remove);
            make(parents, path);
            if (group instanceof V1Cgroup v1) {
                v1.limit(limits, Settings.ofNewGroup());
                CgroupDir dir = dirs(components).get("devices");
                if (dir != null) {
                    DevicesController.apply(dir, deviceRules);
                }
            } else if (group instanceof V2Cgroup v2) {
                v2.limit(limits, Settings.ofNewGroup());
                if (deviceProblems.isEmpty() && !deviceRules.equals(DeviceRules.allowAll())) {
                    devices.attach(new CgroupDir(v2.v2Dir().orElseThrow()), deviceRules);
                }
            }
            undo.commit();
            return group;
        } catch (IOException e) {
            throw new KernelFaultException("could not make cgroup %s".formatted(path), e);
        }
    }

    @Override
    public String parentPath(String parent) {
        return CgroupPaths.join(parents(parent));
    }

    @Override
    public String path(String parent, String leaf) {
        return parentPath(parent) + "/" + CgroupPaths.checkName("cgroup leaf", leaf);
    }

    @Override
    public String leafOf(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    @Override
    public Cgroup keep(String leaf) {
        try {
            return create("", leaf, ResourceLimits.none(), DeviceRules.allowAll());
        } catch (AlreadyExistsException _) {
            return reopen(path("", leaf));
        }
    }

    @Override
    public Map<String, String> leaves() {
        var leaves = new TreeMap<String, String>();
        children("").forEach(path -> leaves.put(leafOf(path), path));
        return leaves;
    }

    private void refuseInUse(List<String> components) {
        try {
            for (Path root : roots()) {
                CgroupDir dir = new CgroupDir(root.resolve(String.join("/", components)));
                if (!CgroupTree.pids(dir).isEmpty()) {
                    throw new AlreadyExistsException(
                            "cgroup %s exists and holds processes".formatted(dir.path()));
                }
            }
        } catch (IOException e) {
            throw new KernelFaultException(
                    "could not look into cgroup %s".formatted(CgroupPaths.join(components)), e);
        }
    }

    private List<String> parents(String parent) {
        String name = parent.isEmpty() ? config.defaultParent() : parent;
        List<String> components = CgroupPaths.components("cgroup parent", name);
        if (components.isEmpty()) {
            throw new InvalidArgumentException("cgroup parent '%s' is the root".formatted(parent));
        }
        return components;
    }

    private void make(List<String> parents, String path) throws IOException {
        // Making a child and removing its empty parent exclude each other.
        try (var _ = locks.lock(CgroupPaths.join(parents), PARENT_WAIT)) {
            String leaf = path.substring(path.lastIndexOf('/') + 1);
            for (Path root : roots()) {
                makeBelow(root, parents, leaf);
            }
        }
    }

    /// Groups of other parents have some of the parents above in common with this one, and whoever
    /// removes the last of those may remove them under our hands: then they are made again.
    private void makeBelow(Path root, List<String> parents, String leaf) throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                if (mode() == CgroupMode.V2) {
                    makeV2(root, parents, leaf);
                } else {
                    makeV1(root, parents, leaf);
                }
                return;
            } catch (IOException e) {
                // ENODEV: a directory that is still open, of a group that is gone.
                int errno = Errno.of(e);
                boolean gone = errno == Errno.ENOENT || errno == Errno.ENODEV;
                if (!gone || attempt == ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    private void makeV1(Path root, List<String> parents, String leaf) throws IOException {
        CgroupDir dir = new CgroupDir(root);
        boolean cpuset = root.equals(mounts.v1().get("cpuset"));
        for (String name : parents) {
            CgroupDir child = dir.child(name);
            makeParent(child);
            adopt(cpuset, dir, child);
            dir = child;
        }
        CgroupDir child = dir.child(leaf);
        makeLeaf(child);
        adopt(cpuset, dir, child);
    }

    private void adopt(boolean cpuset, CgroupDir parent, CgroupDir child) throws IOException {
        if (cpuset) {
            for (Controller controller : controllers) {
                controller.adoptV1(parent, child);
            }
        }
    }

    private void makeV2(Path root, List<String> parents, String leaf) throws IOException {
        CgroupDir dir = new CgroupDir(root);
        for (String name : parents) {
            enable(dir);
            CgroupDir child = dir.child(name);
            makeParent(child);
            dir = child;
        }
        enable(dir);
        makeLeaf(dir.child(leaf));
    }

    /// Lets the groups below `dir` have the controllers we know, as far as `dir` has them itself.
    private void enable(CgroupDir dir) throws IOException {
        Set<String> wanted =
                new TreeSet<>(CgroupMounts.words(dir.readOr("cgroup.controllers", "")));
        wanted.removeAll(CgroupMounts.words(dir.readOr("cgroup.subtree_control", "")));
        if (!wanted.isEmpty() && dir.has("cgroup.type") && !dir.read("cgroup.procs").isEmpty()) {
            // Processes live in this very group, which is not the root. The kernel would refuse
            // memory but take cpu and pids, and with those no process could enter a group below:
            // better none. A limit that needs one is refused by name then.
            return;
        }
        for (String name : wanted) {
            if (controllers.stream().noneMatch(known -> known.v2Name().equals(name))) {
                continue;
            }
            try {
                // One at a time: one that is refused must not keep the others out.
                dir.write("cgroup.subtree_control", "+" + name);
            } catch (IOException e) {
                // EBUSY: somebody moved in meanwhile. ENOTSUP: not in a threaded group.
                int errno = Errno.of(e);
                if (errno != Errno.EBUSY && errno != Errno.ENOTSUP) {
                    throw e;
                }
            }
        }
    }

    private void makeParent(CgroupDir dir) throws IOException {
        if (dir.exists()) {
            return;
        }
        try {
            Files.createDirectory(dir.path());
            madeParents.mark(dir.path());
        } catch (FileAlreadyExistsException _) {
            // Another pod's group, or the kubelet, was quicker.
        }
    }

    private static void makeLeaf(CgroupDir dir) throws IOException {
        if (dir.exists()) {
            // Left over from a run that was killed.
            CgroupRemover.remove(dir);
        }
        Files.createDirectory(dir.path());
    }

    /// Removes the parents that we made and that are empty now, lowest first.
    private void forgetParents(List<String> parents) {
        if (CgroupPaths.join(parents).equals(config.defaultParent())) {
            return;
        }
        removeParents(parents);
    }

    private void removeParents(List<String> parents) {
        try (var _ = locks.lock(CgroupPaths.join(parents), PARENT_WAIT)) {
            for (Path root : roots()) {
                for (int depth = parents.size(); depth > 0; depth--) {
                    Path dir = root.resolve(String.join("/", parents.subList(0, depth)));
                    if (!madeParents.has(dir)) {
                        break;
                    }
                    try {
                        Files.deleteIfExists(dir);
                        madeParents.forget(dir);
                    } catch (IOException _) {
                        // Busy or not empty: somebody uses it, and the last one removes it.
                        break;
                    }
                }
            }
        }
    }

    private Set<Path> roots() {
        return mode() == CgroupMode.V2 ? Set.of(mounts.v2().orElseThrow()) : mounts.v1Roots();
    }

    @Override
    public Cgroup reopen(String path) {
        List<String> components = CgroupPaths.components("cgroup path", path);
        if (components.size() < 2) {
            throw new InvalidArgumentException("cgroup path '%s' has no parent".formatted(path));
        }
        List<String> parents = components.subList(0, components.size() - 1);
        return group(components, () -> forgetParents(parents));
    }

    @Override
    public Cgroup observe(String path) {
        return new ObservedCgroup(group(CgroupPaths.components("cgroup path", path), () -> {}));
    }

    @Override
    public void countDisk(String group, int major, int minor) {
        CgroupDir dir = dirs(CgroupPaths.components("cgroup path", group)).get("blkio");
        if (dir == null) {
            return;
        }
        dir.set(BlkioController.V1_LIMIT, "%d:%d 0".formatted(major, minor));
    }

    private Cgroup group(List<String> components, Runnable afterRemove) {
        String path = CgroupPaths.join(components);
        if (mode() == CgroupMode.V2) {
            Path dir = mounts.v2().orElseThrow().resolve(String.join("/", components));
            return new V2Cgroup(
                    path,
                    new CgroupDir(dir),
                    new ControllerSet(controllers, mounts.v2Controllers()),
                    killer,
                    afterRemove);
        }
        return new V1Cgroup(path, dirs(components), controllers, killer, afterRemove);
    }

    private Map<String, CgroupDir> dirs(List<String> components) {
        var dirs = new LinkedHashMap<String, CgroupDir>();
        String below = String.join("/", components);
        mounts.v1()
                .forEach((controller, root) ->
                        dirs.put(controller, new CgroupDir(root.resolve(below))));
        return dirs;
    }

    @Override
    public List<String> children(String parent) {
        List<String> parents = parents(parent);
        var names = new TreeSet<String>();
        try {
            for (Path root : roots()) {
                for (Path child : CgroupTree.children(root.resolve(String.join("/", parents)))) {
                    names.add(CgroupPaths.join(parents) + "/" + child.getFileName());
                }
            }
        } catch (IOException e) {
            throw new KernelFaultException(
                    "could not list cgroup %s".formatted(CgroupPaths.join(parents)), e);
        }
        return List.copyOf(names);
    }

    @Override
    public Optional<String> find(String leaf) {
        CgroupPaths.checkName("cgroup leaf", leaf);
        try {
            for (Path root : roots()) {
                for (CgroupDir each : CgroupTree.below(new CgroupDir(root))) {
                    if (each.path().endsWith(leaf)) {
                        return Optional.of("/" + root.relativize(each.path()));
                    }
                }
            }
        } catch (IOException e) {
            throw new KernelFaultException("could not look for cgroup %s".formatted(leaf), e);
        }
        return Optional.empty();
    }

    @Override
    public List<String> missing() {
        var missing = new ArrayList<String>();
        if (mode() == CgroupMode.V2) {
            for (String name : new TreeSet<>(EXPECTED_V2)) {
                if (!mounts.v2Controllers().contains(name)) {
                    missing.add(
                            "cgroup controller %s is not available: its limits are ignored"
                                    .formatted(name));
                }
            }
            missing.addAll(deviceProblems);
            return missing;
        }
        for (String name : new TreeSet<>(EXPECTED_V1)) {
            if (!mounts.v1().containsKey(name)) {
                missing.add(
                        "cgroup v1 controller %s is not mounted: its limits are ignored"
                                .formatted(name));
            }
        }
        if (!mounts.v1().containsKey("hugetlb")) {
            missing.add("cgroup v1 controller hugetlb is not mounted: huge pages are not limited");
        }
        return missing;
    }

    @Override
    public void close() {
        removeParents(CgroupPaths.components("default cgroup parent", config.defaultParent()));
        devices.close();
    }
}
