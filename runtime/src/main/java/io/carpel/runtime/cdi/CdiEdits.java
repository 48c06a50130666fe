package io.carpel.runtime.cdi;

import io.carpel.runtime.spec.DeviceSpec;
import io.carpel.runtime.spec.EnvVar;
import io.carpel.runtime.spec.MountSpec;
import java.util.ArrayList;
import java.util.List;

/// What devices add to a container.
///
/// @param env after the container's own variables
/// @param mounts of files that exist; they replace the container's own at the same place
/// @param groups supplementary groups of its processes
/// @param refused what else is asked for and cannot be done, for a message
public record CdiEdits(
        List<EnvVar> env,
        List<DeviceSpec> devices,
        List<MountSpec> mounts,
        List<Long> groups,
        List<String> refused) {
    static final CdiEdits NONE =
            new CdiEdits(List.of(), List.of(), List.of(), List.of(), List.of());

    public CdiEdits {
        env = List.copyOf(env);
        devices = List.copyOf(devices);
        mounts = List.copyOf(mounts);
        groups = List.copyOf(groups);
        refused = List.copyOf(refused);
    }

    boolean isEmpty() {
        return equals(NONE);
    }

    CdiEdits and(CdiEdits more) {
        return new CdiEdits(
                join(env, more.env),
                join(devices, more.devices),
                join(mounts, more.mounts),
                join(groups, more.groups),
                join(refused, more.refused));
    }

    private static <T> List<T> join(List<T> one, List<T> other) {
        List<T> both = new ArrayList<>(one);
        both.addAll(other);
        return both;
    }
}
