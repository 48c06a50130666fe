package io.carpel.runtime.spec;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// What a container is to be.
///
/// @param id 64 lower-case hexadecimal digits, unique for ever on this host
/// @param name for people; unique among the sandbox's live containers
/// @param image an image id, tag or digest that is present locally
/// @param cdiDevices devices by name, each like `vendor.com/class=device`
/// @param pid which processes it sees; must not widen the sandbox's choice
/// @param targetContainer whose PID namespace to join, with [PidMode#TARGET] only
/// @param logPath absolute; empty discards the output
/// @param stopSignal number of the signal that asks it to end; empty means the image's, or SIGTERM
/// @param payload opaque bytes of the caller, kept byte for byte over restarts
public record ContainerSpec(
        String id,
        String sandboxId,
        String name,
        String image,
        ProcessSpec process,
        List<MountSpec> mounts,
        List<DeviceSpec> devices,
        List<String> cdiDevices,
        ResourceLimits resources,
        SecuritySpec security,
        List<RlimitSpec> rlimits,
        PidMode pid,
        Optional<String> targetContainer,
        Optional<Path> logPath,
        Optional<Integer> stopSignal,
        Bytes payload) {
    public ContainerSpec {
        mounts = List.copyOf(mounts);
        devices = List.copyOf(devices);
        cdiDevices = List.copyOf(cdiDevices);
        rlimits = List.copyOf(rlimits);
    }

    /// Without arguments and variables of the process, which may be many megabytes on a host
    /// together and secret besides: whoever runs something in the container has them from
    /// elsewhere.
    public ContainerSpec withoutWords() {
        return new ContainerSpec(
                id,
                sandboxId,
                name,
                image,
                process.withoutWords(),
                mounts,
                devices,
                cdiDevices,
                resources,
                security,
                rlimits,
                pid,
                targetContainer,
                logPath,
                stopSignal,
                payload);
    }
}
