package io.carpel.runtime.container;

import io.carpel.runtime.cdi.CdiEdits;
import io.carpel.runtime.spec.ContainerSpec;
import io.carpel.runtime.spec.DeviceSpec;
import io.carpel.runtime.spec.EnvVar;
import io.carpel.runtime.spec.MountSpec;
import io.carpel.runtime.spec.ProcessSpec;
import io.carpel.runtime.spec.UserSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/// Lays what named devices need over what a container asks for. What the administrator's files say
/// about a device wins over the request, since the device would not work without it.
final class DeviceEdits {
    private DeviceEdits() {}

    static ContainerSpec apply(ContainerSpec spec, CdiEdits edits) {
        if (spec.cdiDevices().isEmpty()) {
            return spec;
        }
        List<DeviceSpec> devices = new ArrayList<>(spec.devices());
        devices.addAll(edits.devices());
        return new ContainerSpec(
                spec.id(),
                spec.sandboxId(),
                spec.name(),
                spec.image(),
                process(spec.process(), edits),
                mounts(spec.mounts(), edits.mounts()),
                devices,
                spec.cdiDevices(),
                spec.resources(),
                spec.security(),
                spec.rlimits(),
                spec.pid(),
                spec.targetContainer(),
                spec.logPath(),
                spec.stopSignal(),
                spec.payload());
    }

    private static ProcessSpec process(ProcessSpec process, CdiEdits edits) {
        List<EnvVar> env = new ArrayList<>(process.env());
        env.addAll(edits.env());
        UserSpec user = process.user();
        Set<Long> groups = new LinkedHashSet<>(user.supplementaryGroups());
        groups.addAll(edits.groups());
        return new ProcessSpec(
                process.command(),
                process.args(),
                env,
                process.workingDir(),
                new UserSpec(
                        user.uid(),
                        user.name(),
                        user.gid(),
                        List.copyOf(groups),
                        user.strictGroups()),
                process.tty(),
                process.stdin(),
                process.stdinOnce());
    }

    private static List<MountSpec> mounts(List<MountSpec> own, List<MountSpec> added) {
        Set<Path> replaced = added.stream().map(DeviceEdits::place).collect(Collectors.toSet());
        List<MountSpec> mounts = new ArrayList<>(own);
        mounts.removeIf(mount -> mount.image().isEmpty() && replaced.contains(place(mount)));
        mounts.addAll(added);
        return mounts;
    }

    private static Path place(MountSpec mount) {
        return Path.of(mount.target()).normalize();
    }
}
