package io.carpel.agent.cli.manifest;

import io.carpel.cri.Capability;
import io.carpel.cri.IDMapping;
import io.carpel.cri.Int64Value;
import io.carpel.cri.LinuxContainerSecurityContext;
import io.carpel.cri.NamespaceMode;
import io.carpel.cri.NamespaceOption;
import io.carpel.cri.SELinuxOption;
import io.carpel.cri.SecurityProfile;
import io.carpel.cri.SecurityProfile.ProfileType;
import io.carpel.cri.SupplementalGroupsPolicy;
import io.carpel.cri.UserNamespace;
import io.fabric8.kubernetes.api.model.AppArmorProfile;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.fabric8.kubernetes.api.model.SELinuxOptions;
import io.fabric8.kubernetes.api.model.SeccompProfile;
import io.fabric8.kubernetes.api.model.SecurityContext;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Security contexts: the container's field counts, then the pod's.
final class SecurityMapper {
    /// What Kubernetes hides in procfs and sysfs unless a container asks otherwise.
    private static final List<String> MASKED =
            List.of(
                    "/proc/asound",
                    "/proc/acpi",
                    "/proc/interrupts",
                    "/proc/kcore",
                    "/proc/keys",
                    "/proc/latency_stats",
                    "/proc/timer_list",
                    "/proc/timer_stats",
                    "/proc/sched_debug",
                    "/proc/scsi",
                    "/sys/firmware",
                    "/sys/devices/virtual/powercap");

    private static final List<String> READ_ONLY =
            List.of("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger");

    private final PodManifest manifest;
    private final NodeFacts node;

    SecurityMapper(PodManifest manifest, NodeFacts node) {
        this.manifest = manifest;
        this.node = node;
    }

    NamespaceOption namespaces() {
        var spec = manifest.spec();
        NamespaceMode pid =
                PodManifest.isTrue(spec.getHostPID())
                        ? NamespaceMode.NODE
                        : PodManifest.isTrue(spec.getShareProcessNamespace())
                                ? NamespaceMode.POD
                                : NamespaceMode.CONTAINER;
        return NamespaceOption.newBuilder()
                .setNetwork(manifest.hostNetwork() ? NamespaceMode.NODE : NamespaceMode.POD)
                .setPid(pid)
                .setIpc(
                        PodManifest.isTrue(spec.getHostIPC())
                                ? NamespaceMode.NODE
                                : NamespaceMode.POD)
                .setUsernsOptions(userNamespace())
                .build();
    }

    private UserNamespace userNamespace() {
        if (!manifest.userNamespace()) {
            return UserNamespace.newBuilder().setMode(NamespaceMode.NODE).build();
        }
        return UserNamespace.newBuilder()
                .setMode(NamespaceMode.POD)
                .addUids(idMapping())
                .addGids(idMapping())
                .build();
    }

    /// The pod's only mapping, for users and groups alike.
    IDMapping idMapping() {
        return IDMapping.newBuilder()
                .setHostId((int) node.userRange())
                .setContainerId(0)
                .setLength(NodeFacts.IDS_PER_POD)
                .build();
    }

    LinuxContainerSecurityContext container(Container container) {
        SecurityContext own = PodManifest.security(container);
        PodSecurityContext pod = manifest.security();
        LinuxContainerSecurityContext.Builder out =
                LinuxContainerSecurityContext.newBuilder()
                        .setNamespaceOptions(namespaces())
                        .setPrivileged(PodManifest.isTrue(own.getPrivileged()))
                        .setReadonlyRootfs(PodManifest.isTrue(own.getReadOnlyRootFilesystem()))
                        .setNoNewPrivs(Boolean.FALSE.equals(own.getAllowPrivilegeEscalation()))
                        .addAllSupplementalGroups(groups())
                        .setSupplementalGroupsPolicy(groupsPolicy());
        capabilities(own).ifPresent(out::setCapabilities);
        first(own.getRunAsUser(), pod.getRunAsUser()).ifPresent(id -> out.setRunAsUser(wrap(id)));
        first(own.getRunAsGroup(), pod.getRunAsGroup())
                .ifPresent(id -> out.setRunAsGroup(wrap(id)));
        first(own.getSeLinuxOptions(), pod.getSeLinuxOptions())
                .ifPresent(options -> out.setSelinuxOptions(selinux(options)));
        first(own.getSeccompProfile(), pod.getSeccompProfile())
                .ifPresent(profile -> out.setSeccomp(seccomp(profile)));
        first(own.getAppArmorProfile(), pod.getAppArmorProfile())
                .ifPresent(profile -> out.setApparmor(appArmor(profile)));
        boolean open =
                PodManifest.isTrue(own.getPrivileged()) || "Unmasked".equals(own.getProcMount());
        if (!open) {
            out.addAllMaskedPaths(MASKED).addAllReadonlyPaths(READ_ONLY);
        }
        return out.build();
    }

    /// The groups of every process of the pod; the owner of the volumes is one of them.
    List<Long> groups() {
        List<Long> groups = new ArrayList<>(manifest.security().getSupplementalGroups());
        Optional.ofNullable(manifest.security().getFsGroup())
                .filter(group -> !groups.contains(group))
                .ifPresent(groups::add);
        return groups;
    }

    SupplementalGroupsPolicy groupsPolicy() {
        return "Strict".equals(manifest.security().getSupplementalGroupsPolicy())
                ? SupplementalGroupsPolicy.Strict
                : SupplementalGroupsPolicy.Merge;
    }

    /// Why a container that must not run as root would do so, or nothing.
    ///
    /// @param imageUid the image's numeric user
    /// @param imageUser its user by name
    Optional<String> rootRefusal(Container container, Optional<Long> imageUid, String imageUser) {
        SecurityContext own = PodManifest.security(container);
        PodSecurityContext pod = manifest.security();
        if (!first(own.getRunAsNonRoot(), pod.getRunAsNonRoot()).orElse(false)) {
            return Optional.empty();
        }
        String who = "container " + container.getName() + ": runAsNonRoot is set, but ";
        Optional<Long> asked = first(own.getRunAsUser(), pod.getRunAsUser());
        if (asked.isPresent()) {
            return asked.get() == 0 ? Optional.of(who + "runAsUser is 0") : Optional.empty();
        }
        if (!imageUser.isEmpty()) {
            return Optional.of(
                    who
                            + "the image's user '%s' is a name and may be root; set runAsUser"
                                    .formatted(imageUser));
        }
        return imageUid.orElse(0L) == 0
                ? Optional.of(who + "the image runs as root; set runAsUser")
                : Optional.empty();
    }

    static SELinuxOption selinux(SELinuxOptions options) {
        return SELinuxOption.newBuilder()
                .setUser(text(options.getUser()))
                .setRole(text(options.getRole()))
                .setType(text(options.getType()))
                .setLevel(text(options.getLevel()))
                .build();
    }

    private SecurityProfile seccomp(SeccompProfile profile) {
        return profile("seccompProfile", profile.getType(), profile.getLocalhostProfile(), true);
    }

    private SecurityProfile appArmor(AppArmorProfile profile) {
        return profile("appArmorProfile", profile.getType(), profile.getLocalhostProfile(), false);
    }

    private SecurityProfile profile(
            String field, @Nullable String type, @Nullable String localhost, boolean file) {
        SecurityProfile.Builder out = SecurityProfile.newBuilder();
        switch (text(type)) {
            case "RuntimeDefault" -> out.setProfileType(ProfileType.RuntimeDefault);
            case "Unconfined" -> out.setProfileType(ProfileType.Unconfined);
            case "Localhost" -> out.setProfileType(ProfileType.Localhost);
            default ->
                    throw new ManifestException(
                            "%s.type: '%s' is not one of RuntimeDefault, Unconfined, Localhost"
                                    .formatted(field, text(type)));
        }
        boolean wanted = out.getProfileType() == ProfileType.Localhost;
        if (wanted == text(localhost).isEmpty()) {
            throw new ManifestException(
                    field + ".localhostProfile: goes with type Localhost and only with it");
        }
        if (wanted) {
            out.setLocalhostRef(
                    file
                            ? manifest.directory().resolve(Path.of(text(localhost))).toString()
                            : text(localhost));
        }
        return out.build();
    }

    private static Optional<Capability> capabilities(SecurityContext own) {
        return Optional.ofNullable(own.getCapabilities())
                .map(wanted ->
                        Capability.newBuilder()
                                .addAllAddCapabilities(wanted.getAdd())
                                .addAllDropCapabilities(wanted.getDrop())
                                .build());
    }

    static Int64Value wrap(long value) {
        return Int64Value.newBuilder().setValue(value).build();
    }

    private static String text(@Nullable String value) {
        return value == null ? "" : value;
    }

    private static <T> Optional<T> first(@Nullable T own, @Nullable T pod) {
        return Optional.ofNullable(own).or(() -> Optional.ofNullable(pod));
    }
}
