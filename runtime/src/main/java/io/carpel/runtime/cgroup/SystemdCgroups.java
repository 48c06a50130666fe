package io.carpel.runtime.cgroup;

import io.carpel.runtime.error.AlreadyExistsException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.lifecycle.KeyedLocks;
import io.carpel.runtime.lifecycle.KeyedLocks.Held;
import io.carpel.runtime.lifecycle.Rollback;
import io.carpel.runtime.spec.ResourceLimits;
import io.carpel.runtime.systemd.Units;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// [CgroupManager] by scopes of systemd's, on cgroup v2.
///
/// Each group is a scope `PREFIX-LEAF.scope` in the slice that the caller names. The scope is
/// delegated: what lies below it is ours, and that is where processes and limits are, since systemd
/// goes on writing its own idea of limits to the scope itself.
///
/// ```text
/// kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podUID.slice   the kubelet's
///   carpel-ID.scope                                                         systemd's
///     container                                     ours: limits, processes
///     shim                                          ours: keeps the scope alive, see ScopeCgroup
/// ```
///
/// The shim has to outlive the container inside the scope, because systemd removes an empty scope
/// at once and with it the count of OOM kills, which the shim reads after the end.
final class SystemdCgroups implements CgroupManager {
    private static final Duration SLICE_WAIT = Duration.ofSeconds(60);
    private static final String SUFFIX = ".scope";

    /// Slices in slices in slices, and the scope below them.
    private static final int DEEPEST = 12;

    private final CgroupConfig config;
    private final HostCgroups host;
    private final Path root;
    private final Units units;
    private final Placeholders placeholders;
    private final Mover mover;
    private final Pattern scopePath;
    private final KeyedLocks locks = new KeyedLocks("slice");
    private final ParentMarks madeSlices;

    /// Puts a process into a group; replaced where there are no real groups.
    @FunctionalInterface
    interface Mover {
        void move(int pid, CgroupDir group) throws IOException;

        static Mover ofHost() {
            return (pid, group) -> group.write("cgroup.procs", Integer.toString(pid));
        }
    }

    /// What processes are made and moved by.
    record Processes(Placeholders placeholders, Mover mover) {}

    /// @param host of cgroup v2
    /// @param root its mount point
    SystemdCgroups(
            CgroupConfig config, HostCgroups host, Path root, Units units, Processes processes) {
        this.config = config;
        this.host = host;
        this.root = root;
        this.units = units;
        this.placeholders = processes.placeholders();
        this.mover = processes.mover();
        this.scopePath =
                Pattern.compile(
                        "(/.+)/%s-([0-9A-Za-z_]+)\\.scope/%s"
                                .formatted(Pattern.quote(config.prefix()), ScopeCgroup.MEMBERS));
        this.madeSlices = new ParentMarks(config.defaultParent());
        Slice own = Slice.of(config.defaultParent());
        if (config.ownParent()) {
            own.upwards().forEach(slice -> madeSlices.own(dir(slice.path()).path()));
        }
    }

    @Override
    public CgroupDriver driver() {
        return CgroupDriver.SYSTEMD;
    }

    @Override
    public CgroupMode mode() {
        return host.mode();
    }

    @Override
    public String parentPath(String parent) {
        return slice(parent).path();
    }

    @Override
    public String path(String parent, String leaf) {
        return scopeOf(slice(parent), leaf) + "/" + ScopeCgroup.MEMBERS;
    }

    private Slice slice(String parent) {
        return Slice.of(parent.isEmpty() ? config.defaultParent() : parent);
    }

    private String scopeOf(Slice slice, String leaf) {
        CgroupPaths.checkName("cgroup leaf", leaf);
        if (!leaf.matches("[0-9A-Za-z_]+")) {
            throw new InvalidArgumentException(
                    "cgroup leaf '%s' cannot be in the name of a unit".formatted(leaf));
        }
        return "%s/%s-%s%s".formatted(slice.path(), config.prefix(), leaf, SUFFIX);
    }

    @Override
    public String leafOf(String path) {
        Matcher matcher = scopePath.matcher(path);
        return matcher.matches() ? matcher.group(2) : host.leafOf(path);
    }

    @Override
    public Cgroup create(String parent, String leaf, ResourceLimits limits, DeviceRules devices) {
        Slice slice = slice(parent);
        String scope = scopeOf(slice, leaf);
        refuseInUse(scope);
        try (var undo = new Rollback()) {
            CgroupDir dir = dir(scope);
            undo.add(() -> forgetSlices(slice));
            var placeholder = undo.add(placeholders.start(), Placeholders.Placeholder::end);
            undo.add(() -> units.stop(unit(dir)));
            startScope(slice, dir, placeholder.pid());
            makeRoom(dir, placeholder.pid());
            Cgroup members = host.create(scope, ScopeCgroup.MEMBERS, limits, devices);
            undo.commit();
            return scoped(members, dir, slice, Optional.of(placeholder));
        } catch (IOException e) {
            throw new KernelFaultException("could not make cgroup %s".formatted(scope), e);
        }
    }

    private static String unit(CgroupDir scope) {
        return String.valueOf(scope.path().getFileName());
    }

    private void refuseInUse(String scope) {
        try {
            if (!CgroupTree.pids(dir(scope)).isEmpty()) {
                throw new AlreadyExistsException(
                        "cgroup %s exists and holds processes".formatted(dir(scope).path()));
            }
        } catch (IOException e) {
            throw new KernelFaultException("could not look into cgroup %s".formatted(scope), e);
        }
    }

    private void startScope(Slice slice, CgroupDir dir, int pid) {
        String name = unit(dir);
        // Making a scope and stopping its empty slice exclude each other.
        try (Held _ = locks.lock(slice.name(), SLICE_WAIT)) {
            List<CgroupDir> missing =
                    slice.upwards().stream()
                            .map(each -> dir(each.path()))
                            .filter(each -> !each.exists())
                            .toList();
            try {
                units.startScope(new Units.Scope(name, slice.name(), "Carpel, " + name, pid));
            } finally {
                missing.stream()
                        .filter(CgroupDir::exists)
                        .forEach(each -> madeSlices.mark(each.path()));
            }
        }
        if (!dir.exists()) {
            throw new KernelFaultException(
                    "systemd has made %s, and there is no cgroup %s".formatted(name, dir.path()));
        }
    }

    /// Moves the placeholder from the scope itself to its place, since a group with processes of
    /// its own can hand no controllers down.
    private void makeRoom(CgroupDir scope, int pid) throws IOException {
        CgroupDir watchers = scope.child(ScopeCgroup.WATCHERS);
        Files.createDirectory(watchers.path());
        mover.move(pid, watchers);
    }

    private Cgroup scoped(
            Cgroup members,
            CgroupDir dir,
            Slice slice,
            Optional<Placeholders.Placeholder> placeholder) {
        return new ScopeCgroup(members, dir, units, () -> forgetSlices(slice), placeholder);
    }

    /// Stops the slices that came with our scopes and are empty now, lowest first.
    private void forgetSlices(Slice slice) {
        if (!slice.path().equals(parentPath(""))) {
            stopEmpty(slice);
        }
    }

    private void stopEmpty(Slice slice) {
        for (Slice each : slice.upwards()) {
            try (Held _ = locks.lock(each.name(), SLICE_WAIT)) {
                CgroupDir dir = dir(each.path());
                if (!dir.exists()) {
                    continue;
                }
                if (!madeSlices.has(dir.path()) || !isEmpty(dir)) {
                    return;
                }
                units.stop(each.name());
                madeSlices.forget(dir.path());
            }
        }
    }

    private static boolean isEmpty(CgroupDir dir) {
        try {
            return CgroupTree.children(dir.path()).isEmpty() && CgroupTree.pids(dir).isEmpty();
        } catch (IOException _) {
            return false;
        }
    }

    @Override
    public Cgroup keep(String leaf) {
        Slice slice = slice("");
        CgroupDir dir = dir(scopeOf(slice, leaf));
        Optional<Cgroup> found = keepFound(leaf, slice, dir);
        return found.orElseGet(
                () -> create("", leaf, ResourceLimits.none(), DeviceRules.allowAll()));
    }

    /// A scope in which helpers of an earlier run live gets a placeholder, so that it stays when
    /// the last of them ends.
    private Optional<Cgroup> keepFound(String leaf, Slice slice, CgroupDir dir) {
        CgroupDir watchers = dir.child(ScopeCgroup.WATCHERS);
        if (!watchers.exists()) {
            return Optional.empty();
        }
        var placeholder = placeholders.start();
        try {
            mover.move(placeholder.pid(), watchers);
            String path = path("", leaf);
            CgroupDir members = dir(path);
            if (!members.exists()) {
                Files.createDirectory(members.path());
            }
            return Optional.of(scoped(host.reopen(path), dir, slice, Optional.of(placeholder)));
        } catch (IOException _) {
            // It went meanwhile.
            placeholder.end();
            return Optional.empty();
        }
    }

    @Override
    public Cgroup reopen(String path) {
        Matcher matcher = scopePath.matcher(path);
        if (!matcher.matches()) {
            // Made by the other driver, before an administrator changed it.
            return host.reopen(path);
        }
        String scope = path.substring(0, path.length() - ScopeCgroup.MEMBERS.length() - 1);
        Slice slice = Slice.of(matcher.group(1));
        return scoped(host.reopen(path), dir(scope), slice, Optional.empty());
    }

    @Override
    public Cgroup observe(String path) {
        return host.observe(path);
    }

    /// Scopes that carry our name, wherever they lie: nobody else's do.
    @Override
    public Map<String, String> leaves() {
        var leaves = new TreeMap<String, String>();
        try {
            Files.walkFileTree(
                    root,
                    EnumSet.noneOf(FileVisitOption.class),
                    DEEPEST,
                    new SimpleFileVisitor<>() {
                        @Override
                        public FileVisitResult preVisitDirectory(
                                Path directory, BasicFileAttributes attributes) {
                            String name = String.valueOf(directory.getFileName());
                            String path =
                                    "/%s/%s"
                                            .formatted(
                                                    root.relativize(directory),
                                                    ScopeCgroup.MEMBERS);
                            Matcher matcher = scopePath.matcher(path);
                            if (matcher.matches()) {
                                leaves.put(matcher.group(2), path);
                            }
                            return directory.equals(root) || name.endsWith(Slice.SUFFIX)
                                    ? FileVisitResult.CONTINUE
                                    : FileVisitResult.SKIP_SUBTREE;
                        }

                        @Override
                        public FileVisitResult visitFileFailed(Path file, IOException e) {
                            // Gone meanwhile.
                            return FileVisitResult.CONTINUE;
                        }
                    });
        } catch (IOException e) {
            throw new KernelFaultException("could not list the scopes below " + root, e);
        }
        return leaves;
    }

    @Override
    public List<String> children(String parent) {
        return host.children(parentPath(parent));
    }

    @Override
    public Optional<String> find(String leaf) {
        return Optional.ofNullable(leaves().get(leaf));
    }

    @Override
    public void countDisk(String path, int major, int minor) {
        host.countDisk(path, major, minor);
    }

    @Override
    public List<String> missing() {
        return host.missing();
    }

    private CgroupDir dir(String path) {
        return new CgroupDir(root.resolve(path.substring(1)));
    }

    @Override
    public void close() {
        try {
            stopEmpty(slice(""));
        } finally {
            units.close();
            host.close();
        }
    }
}
