package io.carpel.runtime.cgroup;

import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.spec.Printable;
import io.carpel.runtime.spec.ResourceLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A group on the unified hierarchy.
final class V2Cgroup implements Cgroup {
    private static final Duration FREEZE_LIMIT = Duration.ofSeconds(2);
    private static final int KILL_ROUNDS = 100;

    // A plain file name: controller, dot, the rest.
    private static final Pattern UNIFIED_KEY =
            Pattern.compile("([a-z]{1,16})\\.[A-Za-z0-9_]{1,64}(\\.[A-Za-z0-9_]{1,64}){0,3}");
    private static final Set<String> UNIFIED_CONTROLLERS =
            Set.of("cpu", "memory", "io", "pids", "cpuset", "hugetlb", "rdma", "misc");

    private final String path;
    private final CgroupDir dir;
    private final ControllerSet controllers;
    private final ProcessKiller killer;
    private final Runnable afterRemove;

    V2Cgroup(
            String path,
            CgroupDir dir,
            ControllerSet controllers,
            ProcessKiller killer,
            Runnable afterRemove) {
        this.path = path;
        this.dir = dir;
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
        return List.of();
    }

    @Override
    public Optional<Path> v2Dir() {
        return Optional.of(dir.path());
    }

    @Override
    public Change update(ResourceLimits limits) {
        Settings settings = Settings.ofUpdate();
        limit(limits, settings);
        return settings;
    }

    void limit(ResourceLimits limits, Settings settings) {
        try {
            checkUnified(limits);
            Set<String> enabled = CgroupMounts.words(dir.readOr("cgroup.controllers", ""));
            for (Controller controller : controllers.known()) {
                if (enabled.contains(controller.v2Name())) {
                    controller.limitV2(dir, limits, settings);
                } else if (controllers.offered().contains(controller.v2Name())
                        && controller.holds(limits)) {
                    throw notHandedOn(controller.v2Name());
                }
            }
            for (var entry : new TreeMap<>(limits.unified()).entrySet()) {
                settings.write(dir, entry.getKey(), entry.getValue());
            }
        } catch (IOException e) {
            settings.undo(e);
            throw new KernelFaultException("could not limit cgroup %s".formatted(path), e);
        } catch (RuntimeException e) {
            settings.undo(e);
            throw e;
        }
    }

    /// A limit that nobody enforces would be worse than none at all: the host has the controller,
    /// but "no internal processes" of cgroups(7) keeps it from the group.
    private FailedPreconditionException notHandedOn(String controller) {
        return new FailedPreconditionException(
                "cgroup %s has no controller %s for its limits: a group above it holds processes"
                        .formatted(path, controller));
    }

    private void checkUnified(ResourceLimits limits) throws IOException {
        if (limits.unified().isEmpty()) {
            return;
        }
        Set<String> enabled = CgroupMounts.words(dir.readOr("cgroup.controllers", ""));
        limits.unified()
                .forEach((key, value) -> {
                    Matcher matcher = UNIFIED_KEY.matcher(key);
                    if (!matcher.matches() || !UNIFIED_CONTROLLERS.contains(matcher.group(1))) {
                        throw new InvalidArgumentException(
                                "unified setting '%s' is not a file of a controller"
                                        .formatted(Printable.of(key)));
                    }
                    if (!enabled.contains(matcher.group(1))) {
                        throw new InvalidArgumentException(
                                "unified setting %s: controller %s is not available"
                                        .formatted(key, matcher.group(1)));
                    }
                    if (!dir.has(key)) {
                        throw new InvalidArgumentException(
                                "unified setting %s is unknown to this kernel".formatted(key));
                    }
                    if (value.isEmpty() || value.chars().anyMatch(c -> c < ' ')) {
                        throw new InvalidArgumentException(
                                "unified setting %s has the value '%s'"
                                        .formatted(key, Printable.of(value)));
                    }
                });
    }

    @Override
    public void killAll() {
        if (!dir.exists()) {
            return;
        }
        if (dir.has("cgroup.kill")) {
            try {
                dir.write("cgroup.kill", "1");
            } catch (IOException e) {
                if (dir.exists()) {
                    throw dir.refused("cgroup.kill", "1", e);
                }
            }
            return;
        }
        killEach();
    }

    /// Before 5.14: frozen processes cannot fork, and SIGKILL ends them frozen as they are.
    private void killEach() {
        boolean frozen = dir.has("cgroup.freeze") && setFrozen(true);
        var killed = new TreeSet<Integer>();
        for (int i = 0; i < (frozen ? 1 : KILL_ROUNDS); i++) {
            boolean fresh = false;
            for (int pid : pids()) {
                fresh |= killed.add(pid);
                killer.kill(pid);
            }
            if (!fresh) {
                break;
            }
        }
        if (dir.has("cgroup.freeze")) {
            setFrozen(false);
        }
    }

    @Override
    public List<Integer> pids() {
        try {
            return CgroupTree.pids(dir);
        } catch (IOException e) {
            throw new KernelFaultException("could not list cgroup %s".formatted(path), e);
        }
    }

    @Override
    public CgroupStats stats(StatsDetail detail) throws IOException {
        var stats = new StatsBuilder(detail);
        if (dir.exists()) {
            for (Controller controller : controllers.known()) {
                if (!controller.v2Name().isEmpty()) {
                    controller.readV2(dir, stats);
                }
            }
        }
        return stats.build(Clock.systemUTC().instant());
    }

    @Override
    public long oomKills() {
        try {
            return MemoryController.oomKills(dir, true);
        } catch (IOException e) {
            throw new KernelFaultException("could not read oom kills of %s".formatted(path), e);
        }
    }

    @Override
    public void freeze() {
        if (!setFrozen(true)) {
            setFrozen(false);
            throw new KernelFaultException(
                    "cgroup %s did not freeze in %d s".formatted(path, FREEZE_LIMIT.toSeconds()));
        }
    }

    @Override
    public void thaw() {
        if (dir.exists()) {
            setFrozen(false);
        }
    }

    private boolean setFrozen(boolean frozen) {
        long wanted = frozen ? 1 : 0;
        dir.set("cgroup.freeze", Long.toString(wanted));
        return CgroupRemover.await(FREEZE_LIMIT, () -> frozenIs(wanted));
    }

    private boolean frozenIs(long wanted) {
        try {
            return dir.keyed("cgroup.events", "frozen") == wanted;
        } catch (IOException _) {
            return !dir.exists();
        }
    }

    @Override
    public void remove() {
        killAll();
        CgroupRemover.remove(dir);
        afterRemove.run();
    }

    @Override
    public Cgroup child(String name) {
        CgroupPaths.checkName("child of cgroup " + path, name);
        CgroupDir child = dir.child(name);
        try {
            Files.createDirectory(child.path());
        } catch (IOException e) {
            throw new KernelFaultException("could not make cgroup %s/%s".formatted(path, name), e);
        }
        return new V2Cgroup(path + "/" + name, child, ControllerSet.NONE, killer, () -> {});
    }
}
