package io.carpel.runtime.sandbox;

import io.carpel.runtime.spec.ContainerSpec;
import io.carpel.runtime.spec.DeviceSpec;
import io.carpel.runtime.spec.EnvVar;
import io.carpel.runtime.spec.MountSpec;
import io.carpel.runtime.spec.PidMode;
import io.carpel.runtime.spec.ProcessSpec;
import io.carpel.runtime.spec.SecuritySpec;
import io.carpel.runtime.spec.UserSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// A container's specification in the making: a test changes what it is about, and the rest is as
/// in the one it began with.
public final class ContainerSpecDraft {
    private final ContainerSpec base;
    private ProcessSpec process;
    private List<MountSpec> mounts;
    private List<DeviceSpec> devices;
    private List<String> cdiDevices;
    private SecuritySpec security;
    private PidMode pid;
    private Optional<String> target;
    private Optional<Path> log;

    public ContainerSpecDraft(ContainerSpec base) {
        this.base = base;
        this.process = base.process();
        this.mounts = base.mounts();
        this.devices = base.devices();
        this.cdiDevices = base.cdiDevices();
        this.security = base.security();
        this.pid = base.pid();
        this.target = base.targetContainer();
        this.log = base.logPath();
    }

    public ContainerSpecDraft user(UserSpec user) {
        process =
                new ProcessSpec(
                        process.command(),
                        process.args(),
                        process.env(),
                        process.workingDir(),
                        user,
                        process.tty(),
                        process.stdin(),
                        process.stdinOnce());
        return this;
    }

    public ContainerSpecDraft env(List<EnvVar> env) {
        process =
                new ProcessSpec(
                        process.command(),
                        process.args(),
                        env,
                        process.workingDir(),
                        process.user(),
                        process.tty(),
                        process.stdin(),
                        process.stdinOnce());
        return this;
    }

    public ContainerSpecDraft mounts(List<MountSpec> next) {
        mounts = next;
        return this;
    }

    public ContainerSpecDraft devices(List<DeviceSpec> next) {
        devices = next;
        return this;
    }

    public ContainerSpecDraft cdiDevices(List<String> names) {
        cdiDevices = names;
        return this;
    }

    public ContainerSpecDraft privileged(boolean privileged) {
        security = Specs.security(privileged);
        return this;
    }

    public ContainerSpecDraft pid(PidMode mode) {
        pid = mode;
        return this;
    }

    /// Joins the processes of another container.
    public ContainerSpecDraft target(String containerId) {
        target = Optional.of(containerId);
        return pid(PidMode.TARGET);
    }

    public ContainerSpecDraft log(Path path) {
        log = Optional.of(path);
        return this;
    }

    public ContainerSpec spec() {
        return new ContainerSpec(
                base.id(),
                base.sandboxId(),
                base.name(),
                base.image(),
                process,
                mounts,
                devices,
                cdiDevices,
                base.resources(),
                security,
                base.rlimits(),
                pid,
                target,
                log,
                base.stopSignal(),
                base.payload());
    }
}
