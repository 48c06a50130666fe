package io.carpel.runtime.container;

import io.carpel.runtime.cgroup.Cgroup;
import io.carpel.runtime.cgroup.DeviceRules;
import io.carpel.runtime.container.ContainerRecord.ImageNames;
import io.carpel.runtime.container.ContainerRecord.Phase;
import io.carpel.runtime.image.Image;
import io.carpel.runtime.image.ResolvedUser;
import io.carpel.runtime.launch.ContainerLaunch.Device;
import io.carpel.runtime.launch.ResolvedProcess;
import io.carpel.runtime.launch.ShimConnection;
import io.carpel.runtime.lifecycle.Rollback;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.security.SelinuxLabel;
import io.carpel.runtime.spec.ContainerSpec;
import io.carpel.runtime.spec.UserNamespaceSpec;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A container while it is being made. For one thread. Each step fills in what later ones need, so
/// a getter fails when steps are out of order.
final class ContainerDraft {
    /// As it was asked for, and as it is written down.
    final ContainerSpec spec;

    /// With what its named devices need.
    ContainerSpec wanted;

    final Rollback undo;
    final Instant createdAt;
    MountPreparer.Prepared mounts = new MountPreparer.Prepared(List.of(), List.of());
    Optional<VolumeMaps> volumeMaps = Optional.empty();
    List<Device> devices = List.of();
    SelinuxLabel.Labels labels = SelinuxLabel.Labels.none();
    DeviceRules deviceRules = DeviceRules.defaults();
    private @Nullable Sandbox sandbox;
    private @Nullable Image image;
    private @Nullable ResolvedUser user;
    private @Nullable ResolvedProcess process;
    private @Nullable Cgroup cgroup;
    private String cgroupPath = "";
    private @Nullable ShimConnection shim;

    ContainerDraft(ContainerSpec spec, Rollback undo, Instant createdAt) {
        this.spec = spec;
        this.wanted = spec;
        this.undo = undo;
        this.createdAt = createdAt;
    }

    Sandbox sandbox() {
        return Objects.requireNonNull(sandbox);
    }

    void sandbox(Sandbox found) {
        sandbox = found;
    }

    Image image() {
        return Objects.requireNonNull(image);
    }

    void image(Image leased) {
        image = leased;
    }

    void process(ResolvedUser who, ResolvedProcess resolved) {
        user = who;
        process = resolved;
    }

    ResolvedProcess process() {
        return Objects.requireNonNull(process);
    }

    Cgroup cgroup() {
        return Objects.requireNonNull(cgroup);
    }

    void cgroup(Cgroup made) {
        cgroup = made;
    }

    ShimConnection shim() {
        return Objects.requireNonNull(shim);
    }

    void shim(ShimConnection launched) {
        shim = launched;
    }

    Optional<UserNamespaceSpec> userNamespace() {
        return sandbox().spec().namespaces().user();
    }

    /// The path its cgroup will have. Known before it is made, so that it can be written down.
    void cgroupPath(String path) {
        this.cgroupPath = path;
    }

    ContainerRecord record(Phase phase, int stopSignal) {
        Image from = image();
        ResolvedUser who = Objects.requireNonNull(user);
        int pid = shim == null ? 0 : shim.pid();
        return new ContainerRecord(
                spec.withoutWords(),
                phase,
                new ContainerState.Created(pid),
                createdAt,
                new ImageNames(
                        from.id(),
                        from.repoDigests().stream().findFirst().orElse(from.id()),
                        from.repoTags().stream().findFirst().orElse("")),
                new ContainerUser(who.uid(), who.gid(), who.groups()),
                stopSignal,
                process().argv(),
                spec.resources(),
                cgroupPath,
                mounts.imageIds());
    }
}
