package io.carpel.runtime.container;

import io.carpel.runtime.cdi.CdiRegistry;
import io.carpel.runtime.cgroup.Cgroup;
import io.carpel.runtime.container.ContainerRecord.Phase;
import io.carpel.runtime.error.AlreadyExistsException;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.image.Image;
import io.carpel.runtime.image.ResolvedUser;
import io.carpel.runtime.launch.CgroupPlacement;
import io.carpel.runtime.launch.ContainerLaunch;
import io.carpel.runtime.launch.ContainerLaunch.FileLabel;
import io.carpel.runtime.launch.ContainerLaunch.Namespaces;
import io.carpel.runtime.launch.ContainerLaunch.PathRules;
import io.carpel.runtime.launch.ContainerLaunch.PodFiles;
import io.carpel.runtime.launch.ContainerLaunch.RootFilesystem;
import io.carpel.runtime.launch.ContainerLaunch.ShimFiles;
import io.carpel.runtime.launch.Credentials;
import io.carpel.runtime.launch.ResolvedProcess;
import io.carpel.runtime.launch.ShimConnection;
import io.carpel.runtime.lifecycle.Step;
import io.carpel.runtime.linux.LinuxFileCalls;
import io.carpel.runtime.log.LogTarget;
import io.carpel.runtime.namespace.IdmapNamespaces;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.sandbox.SandboxSettings;
import io.carpel.runtime.security.SelinuxLabel;
import io.carpel.runtime.spec.DeviceSpec;
import io.carpel.runtime.spec.PidMode;
import io.carpel.runtime.spec.Printable;
import io.carpel.runtime.spec.ProfileSpec;
import io.carpel.runtime.spec.SecuritySpec;
import io.carpel.runtime.spec.UserNamespaceSpec;
import io.carpel.runtime.store.StateLayout;
import io.carpel.runtime.store.Trees;
import io.carpel.runtime.work.Subject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/// How a container is made, step by step. Each step registers how it is undone.
final class ContainerSteps {
    private static final Duration KILL_LIMIT = Duration.ofSeconds(30);
    private static final Path HOST_SHM = Path.of("/dev/shm");

    private final ContainerRooms rooms;
    private final ContainerSettings settings;
    private final StateLayout layout;
    private final MountPreparer mounts;
    private final VolumeLabels volumes;
    private final IdmapNamespaces idmaps;
    private final HostDevices devices;
    private final CdiRegistry cdi;
    private final Function<String, Container> containers;
    private final Function<ContainerLaunch, ShimConnection> launching;

    /// @param containers finds the target of a pid mode
    /// @param launching leaves the container's process waiting to be started
    ContainerSteps(
            ContainerRooms rooms,
            ContainerSettings settings,
            Function<String, Container> containers,
            Function<ContainerLaunch, ShimConnection> launching) {
        this.rooms = rooms;
        this.settings = settings;
        this.layout = settings.layout();
        this.mounts =
                new MountPreparer(
                        rooms.images(),
                        rooms.work().slow(),
                        new MountPreparer.Options(
                                settings.recursiveReadonly(), settings.createMissingSources()));
        this.volumes = new VolumeLabels(new LinuxFileCalls(), rooms.work().slow(), layout);
        this.idmaps = IdmapNamespaces.of(() -> rooms.launcher().helpers());
        this.devices = new HostDevices(settings.dev());
        this.cdi = new CdiRegistry(settings.cdiDirectories());
        this.containers = containers;
        this.launching = launching;
    }

    List<Step<ContainerDraft>> list() {
        return List.of(
                new Step<>("check the request", this::check),
                new Step<>("find its named devices", this::findNamedDevices),
                new Step<>("find the image", this::findImage),
                new Step<>("choose its labels", this::chooseLabels),
                new Step<>("settle the process", this::settleProcess),
                new Step<>("prepare the mounts", this::prepareMounts),
                new Step<>("write the record", this::writeRecord),
                new Step<>("make the cgroup", this::makeCgroup),
                new Step<>("launch the process", this::launch),
                new Step<>("write down that it is created", this::complete));
    }

    private void check(ContainerDraft draft) throws IOException {
        SandboxSettings.checkId("container", draft.spec.id());
        Sandbox sandbox = rooms.sandboxes().get(draft.spec.sandboxId()).requireReady();
        draft.sandbox(sandbox);
        RequestChecks.check(draft.spec, sandbox);
        checkLog(draft, sandbox);
        if (draft.spec.pid() == PidMode.TARGET) {
            Container target = containers.apply(draft.spec.targetContainer().orElseThrow());
            int _ = RequestChecks.targetPid(draft.spec, target);
        }
    }

    private void findNamedDevices(ContainerDraft draft) {
        draft.wanted = DeviceEdits.apply(draft.spec, cdi.resolve(draft.spec.cdiDevices()));
    }

    private void checkLog(ContainerDraft draft, Sandbox sandbox) throws IOException {
        Optional<Path> log = draft.spec.logPath();
        if (log.isPresent()) {
            String place = "log path " + Printable.of(log.get().toString());
            rooms.work()
                    .slow()
                    .call(spot -> {
                        spot.at(place);
                        LogTarget.below(sandbox.spec().logDirectory(), log.get());
                        return place;
                    });
        }
    }

    private void findImage(ContainerDraft draft) {
        String reference = draft.spec.image();
        Image found =
                rooms.images()
                        .find(reference)
                        .orElseThrow(() ->
                                new NotFoundException(
                                        "image %s is not present"
                                                .formatted(Printable.of(reference))));
        String owner = draft.spec.id();
        draft.undo.add(() -> rooms.images().release(found.id(), owner));
        draft.image(rooms.images().lease(found.id(), owner));
    }

    private void chooseLabels(ContainerDraft draft) {
        String id = draft.spec.id();
        SelinuxLabel selinux = rooms.policy().selinux();
        draft.undo.add(() -> selinux.release(id));
        boolean hostProcesses =
                draft.spec.pid() == PidMode.HOST || draft.sandbox().spec().namespaces().hostIpc();
        SecuritySpec security = draft.spec.security();
        draft.labels =
                selinux.container(
                        id,
                        draft.sandbox().spec().label(),
                        security.selinux(),
                        new SelinuxLabel.Confinement(security.privileged(), hostProcesses));
    }

    private void settleProcess(ContainerDraft draft) throws IOException {
        Image image = draft.image();
        ResolvedUser user = rooms.images().resolve(image, draft.wanted.process().user());
        String hostname = draft.sandbox().hostname();
        MergedProcess merged =
                MergedProcess.of(draft.wanted.process(), image.config(), hostname, user.home());
        draft.process(user, resolve(draft, merged, user));
    }

    /// A profile of the caller's lies in a file of his, wherever that is.
    private ResolvedProcess resolve(ContainerDraft draft, MergedProcess merged, ResolvedUser user)
            throws IOException {
        ProfileSpec profile = draft.spec.security().seccomp();
        Optional<UserNamespaceSpec> maps = draft.userNamespace();
        Optional<String> label = draft.labels.process();
        if (profile.kind() != ProfileSpec.Kind.LOCALHOST) {
            return rooms.policy().resolve(draft.spec, merged, user, maps, label);
        }
        String place = "seccomp profile " + Printable.of(profile.reference());
        return rooms.work()
                .slow()
                .call(spot -> {
                    spot.at(place);
                    return rooms.policy().resolve(draft.spec, merged, user, maps, label);
                });
    }

    private void prepareMounts(ContainerDraft draft) throws IOException {
        String id = draft.spec.id();
        Optional<UserNamespaceSpec> user = draft.userNamespace();
        VolumeMaps maps = new VolumeMaps(idmaps, layout, id, user, draft.undo);
        draft.volumeMaps = Optional.of(maps);
        draft.mounts =
                mounts.prepare(draft.wanted.mounts(), id, maps, user.isPresent(), draft.undo);
        Optional<String> label = draft.labels.file();
        if (label.isPresent()) {
            volumes.put(draft.mounts.mounts(), label.get());
        }
        HostDevices.Found found = findDevices(draft);
        draft.devices = found.nodes();
        draft.deviceRules = found.rules();
    }

    private HostDevices.Found findDevices(ContainerDraft draft) throws IOException {
        List<DeviceSpec> wanted = draft.wanted.devices();
        boolean all = draft.spec.security().privileged();
        Credentials owner = draft.process().credentials();
        if (wanted.isEmpty()) {
            return devices.find(wanted, all, owner);
        }
        String place = "device " + Printable.of(wanted.getFirst().hostPath());
        return rooms.work()
                .slow()
                .call(spot -> {
                    spot.at(place);
                    return devices.find(wanted, all, owner);
                });
    }

    private void writeRecord(ContainerDraft draft) throws IOException {
        String id = draft.spec.id();
        if (Files.exists(layout.shimSocket(id))) {
            throw new AlreadyExistsException(
                    "the first digits of container id %s are in use".formatted(id));
        }
        String cgroup = rooms.cgroups().path(draft.sandbox().cgroupParent(), id);
        draft.cgroupPath(cgroup);
        // As long as a process hangs in its cgroup, the record stays for who tries again, be it
        // this process or a later one.
        draft.undo.add(
                rooms.work()
                        .janitor()
                        .undo(
                                Subject.container(draft.spec.sandboxId(), id),
                                "remove its cgroup and its files",
                                () -> {
                                    rooms.cgroups().reopen(cgroup).remove();
                                    ContainerManager.removeFiles(layout, rooms.trash(), id);
                                }));
        Trees.makePrivate(layout.container(id));
        Trees.makePrivate(layout.writable(id));
        Files.createDirectory(layout.upper(id));
        Files.createDirectory(layout.work(id));
        rooms.processes().put(id, draft.process());
        rooms.records().put(id, draft.record(Phase.MAKING, stopSignal(draft)));
    }

    private static int stopSignal(ContainerDraft draft) {
        if (draft.spec.stopSignal().isPresent()) {
            return draft.spec.stopSignal().get();
        }
        String ofImage = draft.image().config().stopSignal();
        return ofImage.isEmpty() ? Signals.TERM : Signals.parse(ofImage);
    }

    private void makeCgroup(ContainerDraft draft) {
        Cgroup cgroup =
                rooms.cgroups()
                        .create(
                                draft.sandbox().cgroupParent(),
                                draft.spec.id(),
                                draft.spec.resources(),
                                draft.deviceRules);
        // Only this object knows who keeps the group until then: a child of ours, to be waited for.
        draft.undo.add(cgroup::occupied);
        draft.cgroup(cgroup);
    }

    private void launch(ContainerDraft draft) {
        if (draft.spec.pid() == PidMode.TARGET) {
            try (TargetNamespace target = openTarget(draft)) {
                launch(draft, Optional.of(target.path()));
            }
        } else {
            launch(draft, Optional.empty());
        }
        draft.cgroup().occupied();
        draft.volumeMaps.ifPresent(VolumeMaps::close);
    }

    private void launch(ContainerDraft draft, Optional<Path> target) {
        draft.shim(draft.undo.add(launching.apply(describe(draft, target)), ContainerSteps::kill));
    }

    private TargetNamespace openTarget(ContainerDraft draft) {
        String id = draft.spec.targetContainer().orElseThrow();
        return TargetNamespace.open(
                id,
                RequestChecks.targetPid(draft.spec, containers.apply(id)),
                () ->
                        rooms.launcher()
                                .connect(id, layout.shimSocket(id), layout.exitRecord(id))
                                .pid());
    }

    private static void kill(ShimConnection shim) {
        try {
            shim.kill(KILL_LIMIT);
        } catch (ContainerRuntimeException e) {
            if (shim.exited().isEmpty()) {
                throw e;
            }
        }
    }

    private ContainerLaunch describe(ContainerDraft draft, Optional<Path> target) {
        String id = draft.spec.id();
        Sandbox sandbox = draft.sandbox();
        Path files = layout.sandboxFiles(sandbox.id());
        return new ContainerLaunch(
                id,
                draft.process(),
                new Namespaces(sandbox.pins(), draft.spec.pid(), target, draft.userNamespace()),
                new RootFilesystem(
                        layers(draft.image()),
                        layout.upper(id),
                        layout.work(id),
                        draft.spec.security().readonlyRootfs()),
                new PodFiles(
                        Optional.of(files.resolve("hosts")),
                        Optional.of(files.resolve("hostname")),
                        Optional.of(files.resolve("resolv.conf")),
                        sandbox.shm().orElse(HOST_SHM)),
                draft.mounts.mounts(),
                draft.devices,
                new PathRules(
                        draft.spec.security().maskedPaths(), draft.spec.security().readonlyPaths()),
                placement(draft.cgroup()),
                new ShimFiles(
                        layout.shimSocket(id),
                        layout.exitRecord(id),
                        draft.spec.logPath(),
                        draft.cgroup()
                                .watchersDir()
                                .map(dir -> new CgroupPlacement(List.of(), Optional.of(dir)))
                                .orElse(settings.shimCgroup())),
                draft.labels
                        .file()
                        .map(text -> new FileLabel(text, GroundLayer.empty(layout.groundLayer()))),
                draft.spec.security().privileged());
    }

    private List<Path> layers(Image image) {
        List<Path> lowestFirst = new ArrayList<>();
        lowestFirst.add(layout.groundLayer());
        lowestFirst.addAll(image.layers());
        return lowestFirst;
    }

    static CgroupPlacement placement(Cgroup cgroup) {
        return new CgroupPlacement(cgroup.taskFiles(), cgroup.v2Dir());
    }

    private void complete(ContainerDraft draft) throws IOException {
        rooms.records().put(draft.spec.id(), draft.record(Phase.COMPLETE, stopSignal(draft)));
    }

    /// The record as it is once every step has run.
    static ContainerRecord made(ContainerDraft draft) {
        return draft.record(Phase.COMPLETE, stopSignal(draft));
    }
}
