package io.carpel.agent.cli.manifest;

import io.carpel.agent.cli.manifest.ManifestReader.Place;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Volume;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What the API server would have checked, as far as the runtime relies on it.
final class ManifestRules {
    private static final Pattern SUBDOMAIN =
            Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*");
    private static final Pattern LABEL = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");

    private final PodManifest manifest;
    private final Place place;

    private ManifestRules(PodManifest manifest, Place place) {
        this.manifest = manifest;
        this.place = place;
    }

    static void check(PodManifest manifest, Place place) {
        ManifestRules rules = new ManifestRules(manifest, place);
        rules.names();
        rules.pod();
        rules.volumes();
        rules.containers("spec.initContainers", manifest.spec().getInitContainers());
        rules.containers("spec.containers", manifest.spec().getContainers());
    }

    private void names() {
        if (manifest.pod().getMetadata() == null) {
            throw place.wrong("metadata.name", "is missing");
        }
        name("metadata.name", manifest.pod().getMetadata().getName(), SUBDOMAIN, 253);
        name("metadata.namespace", manifest.namespace(), LABEL, 63);
        if (manifest.pod().getSpec() == null || manifest.spec().getContainers().isEmpty()) {
            throw place.wrong("spec.containers", "is missing: a pod has at least one container");
        }
        if (manifest.spec().getHostname() != null) {
            name("spec.hostname", manifest.spec().getHostname(), LABEL, 63);
        }
    }

    private void name(String path, @Nullable String value, Pattern pattern, int bound) {
        if (value == null || value.isEmpty()) {
            throw place.wrong(path, "is missing");
        }
        if (value.length() > bound || !pattern.matcher(value).matches()) {
            throw place.wrong(
                    path,
                    "'%s' is not up to %d lower-case letters, digits and '-'"
                            .formatted(value, bound));
        }
    }

    private void pod() {
        PodSpec spec = manifest.spec();
        String restart = spec.getRestartPolicy();
        if (restart != null && !restart.equals("Never")) {
            oneOf("spec.restartPolicy", restart, "Never", "OnFailure", "Always");
            throw place.wrong(
                    "spec.restartPolicy",
                    "'%s' needs someone who stays to restart containers; only Never is supported"
                            .formatted(restart));
        }
        mustBeFalse("spec.automountServiceAccountToken", spec.getAutomountServiceAccountToken());
        mustBeFalse("spec.enableServiceLinks", spec.getEnableServiceLinks());
        if (spec.getOs() != null) {
            oneOf("spec.os.name", spec.getOs().getName(), "linux");
        }
        if (PodManifest.isTrue(spec.getHostPID())
                && PodManifest.isTrue(spec.getShareProcessNamespace())) {
            throw place.wrong(
                    "spec.shareProcessNamespace", "cannot be true together with spec.hostPID");
        }
        if (manifest.userNamespace()
                && Stream.of(spec.getHostPID(), spec.getHostIPC(), spec.getHostNetwork())
                        .anyMatch(PodManifest::isTrue)) {
            throw place.wrong(
                    "spec.hostUsers",
                    "cannot be false together with hostPID, hostIPC or hostNetwork");
        }
        if (spec.getDnsPolicy() != null && spec.getDnsPolicy().startsWith("ClusterFirst")) {
            throw place.wrong(
                    "spec.dnsPolicy",
                    "'%s' needs a cluster's DNS; use Default or None"
                            .formatted(spec.getDnsPolicy()));
        }
        oneOf("spec.dnsPolicy", spec.getDnsPolicy(), "Default", "None");
        if (spec.getHostUsers() != null || spec.getSecurityContext() != null) {
            oneOf(
                    "spec.securityContext.supplementalGroupsPolicy",
                    manifest.security().getSupplementalGroupsPolicy(),
                    "Merge",
                    "Strict");
        }
    }

    private void volumes() {
        Set<String> seen = new HashSet<>();
        int index = 0;
        for (Volume volume : manifest.spec().getVolumes()) {
            String path = "spec.volumes[" + index++ + "]";
            name(path + ".name", volume.getName(), LABEL, 63);
            if (!seen.add(volume.getName())) {
                throw place.wrong(path + ".name", "'" + volume.getName() + "' is there twice");
            }
            long sources =
                    Stream.of(volume.getHostPath(), volume.getEmptyDir(), volume.getImage())
                            .filter(java.util.Objects::nonNull)
                            .count();
            if (sources != 1) {
                throw place.wrong(path, "wanted one of hostPath, emptyDir and image");
            }
            if (volume.getEmptyDir() != null) {
                oneOf(path + ".emptyDir.medium", volume.getEmptyDir().getMedium(), "", "Memory");
            }
            if (volume.getHostPath() != null) {
                hostPath(path + ".hostPath", volume);
            }
        }
    }

    private void hostPath(String path, Volume volume) {
        String host = volume.getHostPath().getPath();
        if (host == null || !host.startsWith("/") || host.contains("..")) {
            throw place.wrong(path + ".path", "wanted an absolute path without '..'");
        }
        oneOf(
                path + ".type",
                volume.getHostPath().getType(),
                "",
                "DirectoryOrCreate",
                "Directory",
                "FileOrCreate",
                "File",
                "Socket",
                "CharDevice",
                "BlockDevice");
    }

    private void containers(String list, List<Container> containers) {
        int index = 0;
        for (Container container : containers) {
            String path = list + "[" + index++ + "]";
            name(path + ".name", container.getName(), LABEL, 63);
            long same =
                    manifest.containers().stream()
                            .filter(other -> container.getName().equals(other.getName()))
                            .count();
            if (same > 1) {
                throw place.wrong(path + ".name", "'" + container.getName() + "' is there twice");
            }
            if (container.getImage() == null || container.getImage().isBlank()) {
                throw place.wrong(path + ".image", "is missing");
            }
            oneOf(
                    path + ".imagePullPolicy",
                    container.getImagePullPolicy(),
                    "Always",
                    "IfNotPresent",
                    "Never");
            oneOf(path + ".restartPolicy", container.getRestartPolicy(), "Always");
            security(path + ".securityContext", container);
            mounts(path, container);
        }
    }

    private void security(String path, Container container) {
        var security = PodManifest.security(container);
        if (PodManifest.isTrue(security.getPrivileged())) {
            if (Boolean.FALSE.equals(security.getAllowPrivilegeEscalation())) {
                throw place.wrong(
                        path + ".allowPrivilegeEscalation",
                        "cannot be false in a privileged container");
            }
            if (manifest.userNamespace()) {
                throw place.wrong(path + ".privileged", "cannot be true with hostUsers: false");
            }
        }
        oneOf(path + ".procMount", security.getProcMount(), "Default", "Unmasked");
    }

    private void mounts(String container, Container of) {
        int index = 0;
        for (var mount : of.getVolumeMounts()) {
            String path = container + ".volumeMounts[" + index++ + "]";
            boolean known =
                    manifest.spec().getVolumes().stream()
                            .anyMatch(volume -> volume.getName().equals(mount.getName()));
            if (!known) {
                throw place.wrong(path + ".name", "there is no volume '" + mount.getName() + "'");
            }
            if (mount.getMountPath() == null || !mount.getMountPath().startsWith("/")) {
                throw place.wrong(path + ".mountPath", "wanted an absolute path");
            }
            if (mount.getSubPath() != null && mount.getSubPathExpr() != null) {
                throw place.wrong(path + ".subPathExpr", "cannot be set together with subPath");
            }
            oneOf(
                    path + ".mountPropagation",
                    mount.getMountPropagation(),
                    "None",
                    "HostToContainer",
                    "Bidirectional");
            oneOf(
                    path + ".recursiveReadOnly",
                    mount.getRecursiveReadOnly(),
                    "Disabled",
                    "IfPossible",
                    "Enabled");
        }
    }

    private void mustBeFalse(String path, @Nullable Boolean value) {
        if (PodManifest.isTrue(value)) {
            throw place.wrong(path, "needs an API server; only false is supported");
        }
    }

    private void oneOf(String path, @Nullable String value, String... allowed) {
        if (value != null && !List.of(allowed).contains(value)) {
            throw place.wrong(
                    path, "'%s' is not one of %s".formatted(value, String.join(", ", allowed)));
        }
    }
}
