package io.carpel.agent.translate;

import io.carpel.cri.ContainerConfig;
import io.carpel.cri.Device;
import io.carpel.cri.Mount;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.UnsupportedException;
import io.carpel.runtime.spec.DeviceSpec;
import io.carpel.runtime.spec.IdMapping;
import io.carpel.runtime.spec.MountSpec;
import io.carpel.runtime.spec.MountSpec.Propagation;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// Mounts and devices of a container.
public final class MountTranslator {
    private static final Set<String> OPTIONS = Set.of("noexec", "nodev", "nosuid");
    private static final Pattern PERMISSIONS = Pattern.compile("[rwm]{0,3}");

    private MountTranslator() {}

    /// In the order in which they are to be made: parents before what lies below them.
    public static List<MountSpec> mounts(ContainerConfig config, HostAbilities host) {
        Check.count("mounts", config.getMountsCount(), Bounds.MOUNTS);
        List<MountSpec> mounts = new ArrayList<>();
        for (int i = 0; i < config.getMountsCount(); i++) {
            mounts.add(mount("mounts[%d].".formatted(i), config.getMounts(i), host));
        }
        mounts.sort(Comparator.comparingInt(mount -> depth(mount.target())));
        return mounts;
    }

    private static int depth(String path) {
        return (int) List.of(path.split("/")).stream().filter(part -> !part.isEmpty()).count();
    }

    private static MountSpec mount(String field, Mount wanted, HostAbilities host) {
        Check.absolutePath(field + "container_path", wanted.getContainerPath());
        Optional<String> image = image(field, wanted);
        if (image.isEmpty()) {
            Check.absolutePath(field + "host_path", wanted.getHostPath());
        }
        List<IdMapping> uids =
                NamespaceTranslator.mappings(field + "uidMappings", wanted.getUidMappingsList());
        List<IdMapping> gids =
                NamespaceTranslator.mappings(field + "gidMappings", wanted.getGidMappingsList());
        if (uids.isEmpty() != gids.isEmpty()) {
            throw new InvalidArgumentException(
                    field + "uidMappings and gidMappings must be given together or not at all");
        }
        Propagation propagation = propagation(field, wanted);
        checkRecursive(field, wanted, propagation, host);
        return new MountSpec(
                wanted.getHostPath(),
                wanted.getContainerPath(),
                wanted.getReadonly(),
                wanted.getRecursiveReadOnly(),
                propagation,
                options(field, wanted, host),
                uids,
                gids,
                image,
                subPath(field, wanted),
                wanted.getSelinuxRelabel());
    }

    private static Optional<String> image(String field, Mount wanted) {
        String image = wanted.getImage().getImage();
        if (image.isEmpty()) {
            return Optional.empty();
        }
        Check.name(field + "image.image", image);
        if (!wanted.getHostPath().isEmpty()) {
            throw Check.invalid(
                    field + "host_path", wanted.getHostPath(), "is given together with an image");
        }
        if (!wanted.getReadonly()) {
            throw Check.invalid(
                    field + "readonly",
                    false,
                    "does not go with an image, which cannot be written");
        }
        return Optional.of(image);
    }

    private static String subPath(String field, Mount wanted) {
        String path = wanted.getImageSubPath();
        if (path.isEmpty()) {
            return path;
        }
        if (wanted.getImage().getImage().isEmpty()) {
            throw Check.invalid(field + "image_sub_path", path, "is given without an image");
        }
        return Check.relativePath(field + "image_sub_path", path);
    }

    private static Propagation propagation(String field, Mount wanted) {
        return switch (wanted.getPropagation()) {
            case PROPAGATION_PRIVATE -> Propagation.PRIVATE;
            case PROPAGATION_HOST_TO_CONTAINER -> Propagation.HOST_TO_CONTAINER;
            case PROPAGATION_BIDIRECTIONAL -> Propagation.BIDIRECTIONAL;
            case UNRECOGNIZED ->
                    throw Check.invalid(
                            field + "propagation", wanted.getPropagationValue(), "is unknown");
        };
    }

    private static void checkRecursive(
            String field, Mount wanted, Propagation propagation, HostAbilities host) {
        if (!wanted.getRecursiveReadOnly()) {
            return;
        }
        if (!wanted.getReadonly()) {
            throw Check.invalid(field + "recursive_read_only", true, "needs readonly");
        }
        if (propagation != Propagation.PRIVATE) {
            throw Check.invalid(
                    field + "recursive_read_only", true, "needs propagation PROPAGATION_PRIVATE");
        }
        if (!host.recursiveReadOnlyMounts()) {
            // The kubelet shows the first word as the reason why the pod waits.
            throw new UnsupportedException(
                    "RROUnsupported: %srecursive_read_only needs Linux 5.12".formatted(field));
        }
    }

    private static List<String> options(String field, Mount wanted, HostAbilities host) {
        Check.count(field + "mount_options", wanted.getMountOptionsCount(), OPTIONS.size());
        for (String option : wanted.getMountOptionsList()) {
            if (!OPTIONS.contains(option)) {
                throw Check.invalid(
                        field + "mount_options", option, "is none of noexec, nodev, nosuid");
            }
        }
        if (wanted.getMountOptionsCount() > 0 && !host.mountOptions()) {
            throw new UnsupportedException(field + "mount_options do not work here");
        }
        return wanted.getMountOptionsList();
    }

    public static List<DeviceSpec> devices(ContainerConfig config) {
        Check.count("devices", config.getDevicesCount(), Bounds.DEVICES);
        List<DeviceSpec> devices = new ArrayList<>();
        for (int i = 0; i < config.getDevicesCount(); i++) {
            devices.add(device("devices[%d].".formatted(i), config.getDevices(i)));
        }
        return devices;
    }

    /// Devices by name. Only this field counts: annotations, in which names travelled once, are
    /// anybody's.
    public static List<String> namedDevices(ContainerConfig config) {
        Check.count("CDI_devices", config.getCDIDevicesCount(), Bounds.NAMED_DEVICES);
        return config.getCDIDevicesList().stream()
                .map(device -> Check.name("CDI_devices.name", device.getName()))
                .toList();
    }

    private static DeviceSpec device(String field, Device wanted) {
        String host = Check.absolutePath(field + "host_path", wanted.getHostPath());
        String inside = wanted.getContainerPath();
        if (!PERMISSIONS.matcher(wanted.getPermissions()).matches()) {
            throw Check.invalid(
                    field + "permissions", wanted.getPermissions(), "has letters besides r, w, m");
        }
        return new DeviceSpec(
                host,
                inside.isEmpty() ? host : Check.absolutePath(field + "container_path", inside),
                wanted.getPermissions());
    }
}
