package io.carpel.runtime.cgroup;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.spec.ResourceLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// A group on all version 1 hierarchies, one directory of the same name in each.
final class V1Cgroup implements Cgroup {
    private static final Duration FREEZE_LIMIT = Duration.ofSeconds(2);
    private static final int KILL_ROUNDS = 100;

    private final String path;
    // By controller; several may share a directory.
    private final Map<String, CgroupDir> dirs;
    private final List<Controller> controllers;
    private final ProcessKiller killer;
    private final Runnable afterRemove;

    V1Cgroup(
            String path,
            Map<String, CgroupDir> dirs,
            List<Controller> controllers,
            ProcessKiller killer,
            Runnable afterRemove) {
        this.path = path;
        this.dirs = new LinkedHashMap<>(dirs);
        this.controllers = controllers;
        this.killer = killer;
        this.afterRemove = afterRemove;
    }

    @Override
    public String path() {
        return path;
    }

    @Override
    public List<Path> taskFiles() {
        return distinct().stream().map(dir -> dir.path().resolve("tasks")).toList();
    }

    @Override
    public Optional<Path> v2Dir() {
        return Optional.empty();
    }

    private Set<CgroupDir> distinct() {
        return new LinkedHashSet<>(dirs.values());
    }

    /// Where processes are listed and stopped: the freezer if the host has it.
    private CgroupDir listing() {
        for (String controller : List.of("freezer", "pids", "memory", "name=systemd")) {
            CgroupDir dir = dirs.get(controller);
            if (dir != null) {
                return dir;
            }
        }
        return dirs.values().iterator().next();
    }

    @Override
    public Change update(ResourceLimits limits) {
        Settings settings = Settings.ofUpdate();
        limit(limits, settings);
        return settings;
    }

    void limit(ResourceLimits limits, Settings settings) {
        if (!limits.unified().isEmpty()) {
            throw new InvalidArgumentException(
                    "unified settings %s need cgroup v2, this host has v1"
                            .formatted(new TreeSet<>(limits.unified().keySet())));
        }
        try {
            for (Controller controller : controllers) {
                CgroupDir dir = dirs.get(controller.v1Name());
                if (dir != null) {
                    controller.limitV1(dir, limits, settings);
                }
            }
        } catch (IOException e) {
            settings.undo(e);
            throw new KernelFaultException("could not limit cgroup %s".formatted(path), e);
        } catch (RuntimeException e) {
            settings.undo(e);
            throw e;
        }
    }

    @Override
    public void killAll() {
        CgroupDir dir = listing();
        if (pidsOf(dir).isEmpty()) {
            return;
        }
        // Frozen processes cannot fork: one round finds them all. Without a freezer, or when one
        // process is stuck in the kernel, rounds go on until none is new.
        boolean frozen = dirs.containsKey("freezer") && dir.exists() && setFrozen(true);
        try {
            killRounds(dir, frozen ? 1 : KILL_ROUNDS);
        } finally {
            if (dirs.containsKey("freezer") && dir.exists()) {
                setFrozen(false);
                thawBelow(dir);
            }
        }
    }

    /// A container that may make groups may freeze them too, and what is frozen does not die.
    private void thawBelow(CgroupDir top) {
        try {
            for (CgroupDir dir : CgroupTree.below(top)) {
                if (!dir.equals(top) && dir.exists()) {
                    dir.set("freezer.state", "THAWED");
                }
            }
        } catch (IOException e) {
            throw new KernelFaultException("could not thaw what is below %s".formatted(path), e);
        }
    }

    private void killRounds(CgroupDir dir, int rounds) {
        var killed = new TreeSet<Integer>();
        for (int i = 0; i < rounds; i++) {
            boolean fresh = false;
            for (int pid : pidsOf(dir)) {
                fresh |= killed.add(pid);
                killer.kill(pid);
            }
            if (!fresh) {
                return;
            }
        }
    }

    @Override
    public List<Integer> pids() {
        return pidsOf(listing());
    }

    private List<Integer> pidsOf(CgroupDir dir) {
        try {
            return CgroupTree.pids(dir);
        } catch (IOException e) {
            throw new KernelFaultException("could not list cgroup %s".formatted(path), e);
        }
    }

    @Override
    public CgroupStats stats(StatsDetail detail) throws IOException {
        var stats = new StatsBuilder(detail);
        for (Controller controller : controllers) {
            CgroupDir dir = dirs.get(controller.v1Name());
            if (dir != null && dir.exists()) {
                controller.readV1(dir, stats);
            }
        }
        return stats.build(Clock.systemUTC().instant());
    }

    @Override
    public long oomKills() {
        CgroupDir dir = dirs.get("memory");
        try {
            return dir == null ? 0 : MemoryController.oomKills(dir, false);
        } catch (IOException e) {
            throw new KernelFaultException("could not read oom kills of %s".formatted(path), e);
        }
    }

    @Override
    public void freeze() {
        if (!dirs.containsKey("freezer")) {
            throw new KernelFaultException(
                    "could not freeze cgroup %s: this host has no freezer".formatted(path));
        }
        if (!setFrozen(true)) {
            setFrozen(false);
            throw new KernelFaultException(
                    "cgroup %s did not freeze in %d s".formatted(path, FREEZE_LIMIT.toSeconds()));
        }
    }

    @Override
    public void thaw() {
        if (dirs.containsKey("freezer")) {
            setFrozen(false);
        }
    }

    private boolean setFrozen(boolean frozen) {
        CgroupDir dir = listing();
        String wanted = frozen ? "FROZEN" : "THAWED";
        dir.set("freezer.state", wanted);
        return CgroupRemover.await(FREEZE_LIMIT, () -> isState(dir, wanted));
    }

    private static boolean isState(CgroupDir dir, String wanted) {
        try {
            // Reading moves FREEZING on to FROZEN; a fork may need the order once more.
            if (dir.read("freezer.state").equals(wanted)) {
                return true;
            }
            dir.write("freezer.state", wanted);
            return false;
        } catch (IOException _) {
            return !dir.exists();
        }
    }

    @Override
    public void remove() {
        // A group that holds nothing goes at once, which also says that there is nobody to kill.
        List<CgroupDir> busy =
                distinct().stream().filter(dir -> !CgroupRemover.removed(dir)).toList();
        if (!busy.isEmpty()) {
            killAll();
            busy.forEach(CgroupRemover::remove);
        }
        afterRemove.run();
    }

    /// Only the listing hierarchy gets a directory of its own: it is all that killing needs, and
    /// everything else goes on being counted with the container.
    @Override
    public Cgroup child(String name) {
        CgroupPaths.checkName("child of cgroup " + path, name);
        CgroupDir listing = listing();
        var childDirs = new LinkedHashMap<String, CgroupDir>();
        dirs.forEach((controller, dir) ->
                childDirs.put(controller, dir.equals(listing) ? dir.child(name) : dir));
        try {
            Files.createDirectory(listing.child(name).path());
        } catch (IOException e) {
            throw new KernelFaultException("could not make cgroup %s/%s".formatted(path, name), e);
        }
        return new ExecCgroup(
                new V1Cgroup(path + "/" + name, childDirs, List.of(), killer, () -> {}),
                listing.child(name));
    }

    /// The group of one exec: removing it removes its one directory and not the container's.
    private record ExecCgroup(V1Cgroup shared, CgroupDir own) implements Cgroup {
        @Override
        public String path() {
            return shared.path();
        }

        @Override
        public List<Path> taskFiles() {
            return shared.taskFiles();
        }

        @Override
        public Optional<Path> v2Dir() {
            return Optional.empty();
        }

        @Override
        public Change update(ResourceLimits limits) {
            throw new InvalidArgumentException(
                    "cgroup %s is an exec's and has no limits of its own".formatted(path()));
        }

        @Override
        public void killAll() {
            shared.killAll();
        }

        @Override
        public List<Integer> pids() {
            return shared.pids();
        }

        @Override
        public CgroupStats stats(StatsDetail detail) throws IOException {
            return shared.stats(detail);
        }

        @Override
        public long oomKills() {
            return 0;
        }

        @Override
        public void freeze() {
            shared.freeze();
        }

        @Override
        public void thaw() {
            shared.thaw();
        }

        @Override
        public void remove() {
            killAll();
            CgroupRemover.remove(own);
        }

        @Override
        public Cgroup child(String name) {
            return shared.child(name);
        }
    }
}
