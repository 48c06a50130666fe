package io.carpel.agent.cli.manifest;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.SecurityContext;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// A pod that was read and of which every field is understood.
///
/// @param directory where the file lies: relative seccomp profiles are looked for here
public record PodManifest(Pod pod, Path directory) {
    /// The namespace of a pod that names none, as the API server has it.
    private static final String DEFAULT_NAMESPACE = "default";

    public PodSpec spec() {
        return pod.getSpec();
    }

    public String name() {
        return pod.getMetadata().getName();
    }

    public String namespace() {
        return Optional.ofNullable(pod.getMetadata().getNamespace()).orElse(DEFAULT_NAMESPACE);
    }

    /// All containers, init containers first, in the order of the file.
    public List<Container> containers() {
        return Stream.concat(spec().getInitContainers().stream(), spec().getContainers().stream())
                .toList();
    }

    /// Whether an init container stays: it is started and not waited for.
    public static boolean isSidecar(Container container) {
        return "Always".equals(container.getRestartPolicy());
    }

    boolean hostNetwork() {
        return isTrue(spec().getHostNetwork());
    }

    boolean userNamespace() {
        return Boolean.FALSE.equals(spec().getHostUsers());
    }

    PodSecurityContext security() {
        return Optional.ofNullable(spec().getSecurityContext()).orElseGet(PodSecurityContext::new);
    }

    static SecurityContext security(Container container) {
        return Optional.ofNullable(container.getSecurityContext()).orElseGet(SecurityContext::new);
    }

    static boolean isTrue(@org.jspecify.annotations.Nullable Boolean value) {
        return Boolean.TRUE.equals(value);
    }
}
