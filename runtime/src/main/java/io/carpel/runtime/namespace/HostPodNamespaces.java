package io.carpel.runtime.namespace;

import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.launch.HelperRoles;
import io.carpel.runtime.lifecycle.NamespaceThread;
import io.carpel.runtime.lifecycle.ProcessIdentity;
import io.carpel.runtime.lifecycle.Rollback;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.MountCalls;
import io.carpel.runtime.linux.NamespaceCalls;
import io.carpel.runtime.linux.NamespaceKind;
import io.carpel.runtime.linux.ProcessCalls;
import io.carpel.runtime.spec.NamespaceSpec;
import io.carpel.runtime.spec.PidMode;
import io.carpel.runtime.spec.PinnedNamespaces;
import io.carpel.runtime.spec.Printable;
import io.carpel.runtime.spec.UserNamespaceSpec;
import io.carpel.runtime.store.Trees;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;

/// [PodNamespaces] on a host: threads for what a thread may do, helpers for the rest.
final class HostPodNamespaces implements PodNamespaces {
    private static final String LOOPBACK = "lo";
    private static final int MAX_HOSTNAME = 64;

    private final NamespaceCalls namespaces;
    private final MountCalls mounts;
    private final ProcessCalls processes;
    private final HelperRoles helpers;
    private final Pins pins;

    HostPodNamespaces(
            NamespaceCalls namespaces,
            MountCalls mounts,
            ProcessCalls processes,
            HelperRoles helpers) {
        this.namespaces = namespaces;
        this.mounts = mounts;
        this.processes = processes;
        this.helpers = helpers;
        this.pins = new Pins(mounts);
    }

    @Override
    public Created create(PodNamespacesRequest request) {
        Sysctls.check(request.sysctls(), request.spec());
        checkHostname(request.hostname());
        var placed = new EnumMap<NamespaceKind, Path>(NamespaceKind.class);
        try (var undo = new Rollback()) {
            makePinsDirectory(request.pinsDir(), undo);
            if (request.spec().user().isPresent()) {
                createByHelper(request, request.spec().user().get(), placed, undo);
            } else {
                createByThread(request, placed, undo);
            }
            Optional<Path> shm = mountShm(request, undo);
            Optional<ProcessIdentity> reaper = startReaper(request, placed, undo);
            undo.commit();
            return new Created(pinned(placed), shm, reaper);
        } catch (IOException e) {
            throw new KernelFaultException(
                    "could not make the namespaces of sandbox %s".formatted(request.id()), e);
        }
    }

    private static void checkHostname(String hostname) {
        if (hostname.length() > MAX_HOSTNAME
                || hostname.chars().anyMatch(c -> c <= ' ' || c > '~')) {
            throw new InvalidArgumentException(
                    "hostname '%s' is longer than %d bytes or has odd characters"
                            .formatted(Printable.of(hostname), MAX_HOSTNAME));
        }
    }

    private static void makePinsDirectory(Path directory, Rollback undo) throws IOException {
        if (!Files.exists(directory)) {
            Files.createDirectories(
                    directory,
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rwx------")));
            undo.add(directory, Files::deleteIfExists);
        }
    }

    /// What the pod has of its own and a thread can make.
    private static Set<NamespaceKind> ownKinds(NamespaceSpec spec) {
        var kinds = EnumSet.noneOf(NamespaceKind.class);
        if (!spec.hostNetwork()) {
            kinds.add(NamespaceKind.NET);
            // The host's network comes with the host's name.
            kinds.add(NamespaceKind.UTS);
        }
        if (!spec.hostIpc()) {
            kinds.add(NamespaceKind.IPC);
        }
        return kinds;
    }

    private static Path pinOf(PodNamespacesRequest request, NamespaceKind kind) {
        return kind == NamespaceKind.NET
                ? request.netnsFile()
                : request.pinsDir().resolve(kind.procName());
    }

    private void createByThread(
            PodNamespacesRequest request, Map<NamespaceKind, Path> placed, Rollback undo)
            throws IOException {
        Set<NamespaceKind> kinds = ownKinds(request.spec());
        if (kinds.isEmpty()) {
            return;
        }
        NamespaceThread.call(
                request.id(),
                () -> {
                    namespaces.unshare(kinds);
                    if (kinds.contains(NamespaceKind.UTS) && !request.hostname().isEmpty()) {
                        namespaces.setHostname(request.hostname());
                    }
                    if (kinds.contains(NamespaceKind.NET)) {
                        namespaces.interfaceUp(LOOPBACK);
                    }
                    Sysctls.write(request.sysctls());
                    pinAll(request, kinds, Path.of("/proc/thread-self/ns"), placed, undo);
                    return true;
                });
    }

    private void pinAll(
            PodNamespacesRequest request,
            Set<NamespaceKind> kinds,
            Path source,
            Map<NamespaceKind, Path> placed,
            Rollback undo)
            throws IOException {
        for (NamespaceKind kind : kinds) {
            Path pin = pinOf(request, kind);
            pins.bind(source.resolve(kind.procName()), pin);
            undo.add(pin, pins::release);
            placed.put(kind, pin);
        }
    }

    private void createByHelper(
            PodNamespacesRequest request,
            UserNamespaceSpec user,
            Map<NamespaceKind, Path> placed,
            Rollback undo)
            throws IOException {
        Set<NamespaceKind> kinds = ownKinds(request.spec());
        Optional<String> hostname =
                kinds.contains(NamespaceKind.UTS)
                        ? Optional.of(hostnameOrHosts(request.hostname()))
                        : Optional.empty();
        var contents =
                new HelperRoles.UserNamespaceContents(
                        kinds.contains(NamespaceKind.NET),
                        kinds.contains(NamespaceKind.IPC),
                        hostname);
        Path socket = request.helperSocket();
        try (var helper = helpers.startUserNamespaceHelper(socket, contents)) {
            Path process = Path.of("/proc", Integer.toString(helper.pid()));
            UserNamespaces.writeMaps(process, user.uids(), user.gids());
            helper.proceed();
            var all = EnumSet.copyOf(Set.of(NamespaceKind.USER));
            all.addAll(kinds);
            pinAll(request, all, process.resolve("ns"), placed, undo);
        }
        if (!request.sysctls().isEmpty()) {
            writeSysctlsInside(request, user, placed);
        }
    }

    private static String hostnameOrHosts(String hostname) throws IOException {
        return hostname.isEmpty()
                ? Files.readString(Path.of("/proc/sys/kernel/hostname"), StandardCharsets.US_ASCII)
                        .strip()
                : hostname;
    }

    /// IPC parameters answer to the root of the owning user namespace by number, whatever else one
    /// may do: those are written last, as that user.
    private void writeSysctlsInside(
            PodNamespacesRequest request, UserNamespaceSpec user, Map<NamespaceKind, Path> placed)
            throws IOException {
        var byRoot = new HashMap<String, String>();
        var byInnerRoot = new HashMap<String, String>();
        request.sysctls()
                .forEach((key, value) ->
                        (Sysctls.isIpc(key) ? byInnerRoot : byRoot).put(key, value));
        NamespaceThread.call(
                request.id(),
                () -> {
                    for (NamespaceKind kind : ownKinds(request.spec())) {
                        enter(placed.getOrDefault(kind, pinOf(request, kind)), kind);
                    }
                    Sysctls.write(byRoot);
                    if (!byInnerRoot.isEmpty()) {
                        namespaces.assumeIds(user.hostRootUid(), user.hostRootGid());
                        Sysctls.write(byInnerRoot);
                    }
                    return true;
                });
    }

    private void enter(Path pin, NamespaceKind kind) throws IOException {
        try (Fd namespace = namespaces.open(pin)) {
            namespaces.setns(namespace, kind);
        }
    }

    private Optional<Path> mountShm(PodNamespacesRequest request, Rollback undo)
            throws IOException {
        if (request.spec().hostIpc()) {
            return Optional.empty();
        }
        Path shm = request.shm();
        if (!Files.exists(shm)) {
            Files.createDirectories(shm);
        }
        undo.add(shm, pins::release);
        var options = new StringBuilder("mode=1777,size=").append(request.shmSize());
        request.spec()
                .user()
                .ifPresent(user ->
                        options.append(",uid=")
                                .append(user.hostRootUid())
                                .append(",gid=")
                                .append(user.hostRootGid()));
        mounts.mount(
                "shm",
                shm,
                "tmpfs",
                MountCalls.MS_NOSUID | MountCalls.MS_NODEV | MountCalls.MS_NOEXEC,
                options + context(request.label()));
        return Optional.of(shm);
    }

    /// In quotes, since a label has commas.
    private static String context(Optional<String> label) {
        return label.map(text -> ",context=\"" + text + "\"").orElse("");
    }

    @Override
    public void mountFiles(Path directory, long bytes, Optional<String> label) {
        try {
            Trees.makePrivate(directory);
            mounts.mount(
                    "files",
                    directory,
                    "tmpfs",
                    MountCalls.MS_NOSUID | MountCalls.MS_NODEV | MountCalls.MS_NOEXEC,
                    "mode=700,size=" + bytes + context(label));
        } catch (IOException e) {
            throw new KernelFaultException("could not mount %s".formatted(directory), e);
        }
    }

    @Override
    public void unmountFiles(Path directory) {
        pins.unmount(directory);
    }

    private Optional<ProcessIdentity> startReaper(
            PodNamespacesRequest request, Map<NamespaceKind, Path> placed, Rollback undo)
            throws IOException {
        if (request.spec().pid() != PidMode.POD) {
            return Optional.empty();
        }
        Path socket = request.helperSocket();
        int pid =
                helpers.startReaper(
                        socket,
                        Optional.ofNullable(placed.get(NamespaceKind.USER)),
                        request.label(),
                        request.reaperCgroup());
        ProcessIdentity reaper =
                ProcessIdentity.of(pid)
                        .orElseThrow(() ->
                                new KernelFaultException(
                                        "the reaper of sandbox %s ended at once"
                                                .formatted(request.id())));
        undo.add(() -> reaper.kill(processes));
        Path source = Path.of("/proc", Integer.toString(pid), "ns");
        pinAll(request, EnumSet.of(NamespaceKind.PID), source, placed, undo);
        return Optional.of(reaper);
    }

    private static PinnedNamespaces pinned(Map<NamespaceKind, Path> placed) {
        return new PinnedNamespaces(
                Optional.ofNullable(placed.get(NamespaceKind.NET)),
                Optional.ofNullable(placed.get(NamespaceKind.IPC)),
                Optional.ofNullable(placed.get(NamespaceKind.UTS)),
                Optional.ofNullable(placed.get(NamespaceKind.USER)),
                Optional.ofNullable(placed.get(NamespaceKind.PID)));
    }

    @Override
    public void remove(
            PinnedNamespaces held, Optional<Path> shm, Optional<ProcessIdentity> reaper) {
        try (var all = new Rollback()) {
            // In reverse: the reaper first, so that nothing runs in what is taken down.
            held.pid().map(Path::getParent).ifPresent(directory -> all.add(() -> prune(directory)));
            held.ipc().map(Path::getParent).ifPresent(directory -> all.add(() -> prune(directory)));
            shm.ifPresent(path -> all.add(path, pins::release));
            held.user().ifPresent(pin -> all.add(pin, pins::release));
            held.uts().ifPresent(pin -> all.add(pin, pins::release));
            held.ipc().ifPresent(pin -> all.add(pin, pins::release));
            held.net().ifPresent(pin -> all.add(pin, pins::release));
            held.pid().ifPresent(pin -> all.add(pin, pins::release));
            reaper.ifPresent(process -> all.add(() -> process.kill(processes)));
        }
    }

    private static void prune(Path directory) throws IOException {
        try {
            Files.deleteIfExists(directory);
        } catch (java.nio.file.DirectoryNotEmptyException _) {
            // The owner of the directory keeps other things in it.
        }
    }

    @Override
    public boolean alive(PinnedNamespaces held) {
        return held.net().map(pins::alive).orElse(true)
                && held.ipc().map(pins::alive).orElse(true)
                && held.uts().map(pins::alive).orElse(true)
                && held.user().map(pins::alive).orElse(true)
                && held.pid().map(pins::alive).orElse(true);
    }

    @Override
    public <T> T inNetwork(PinnedNamespaces held, Callable<T> work) {
        Optional<Path> net = held.net();
        if (net.isPresent() && !pins.alive(net.get())) {
            throw new FailedPreconditionException(
                    "network namespace %s is gone".formatted(net.get()));
        }
        try {
            return NamespaceThread.call(
                    "network",
                    () -> {
                        if (net.isPresent()) {
                            enter(net.get(), NamespaceKind.NET);
                        }
                        return work.call();
                    });
        } catch (IOException e) {
            throw new KernelFaultException(
                    "could not work in network namespace %s"
                            .formatted(net.map(Path::toString).orElse("of the host")),
                    e);
        }
    }

    @Override
    public <T> List<Optional<T>> inEachNetwork(List<PinnedNamespaces> pods, Callable<T> work) {
        List<Optional<T>> results = new ArrayList<>(pods.size());
        if (pods.stream().allMatch(pod -> pod.net().isEmpty())) {
            pods.forEach(_ -> results.add(Optional.empty()));
            return results;
        }
        try {
            return NamespaceThread.call(
                    "networks",
                    () -> {
                        for (PinnedNamespaces pod : pods) {
                            results.add(pod.net().flatMap(net -> within(net, work)));
                        }
                        return results;
                    });
        } catch (IOException e) {
            throw new KernelFaultException("could not work in network namespaces", e);
        }
    }

    private <T> Optional<T> within(Path net, Callable<T> work) {
        try {
            enter(net, NamespaceKind.NET);
            return Optional.of(work.call());
        } catch (Exception _) {
            // A pod that stops meanwhile: its pin is an empty file, or gone.
            return Optional.empty();
        }
    }
}
