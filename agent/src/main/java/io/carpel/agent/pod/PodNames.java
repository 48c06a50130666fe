package io.carpel.agent.pod;

import io.carpel.agent.translate.Payload;
import io.carpel.cri.PodSandboxMetadata;
import io.carpel.runtime.container.Container;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.sandbox.Sandbox;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// What people call the pods and containers of an id, as fields of a log line: `pod_namespace`,
/// `pod_name`, `pod_uid`, `pod_id`, `container_name`, `container_id`.
public interface PodNames {
    /// Knows nobody.
    PodNames NONE =
            new PodNames() {
                @Override
                public Map<String, String> ofPod(String idPrefix) {
                    return Map.of();
                }

                @Override
                public Map<String, String> ofContainer(String idPrefix) {
                    return Map.of();
                }
            };

    /// Of a sandbox; empty when there is none of this id.
    Map<String, String> ofPod(String idPrefix);

    /// Of a container and its pod; empty when there is none of this id.
    Map<String, String> ofContainer(String idPrefix);

    /// The fields of a pod's own words.
    static Map<String, String> fields(PodSandboxMetadata pod) {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("pod_namespace", pod.getNamespace());
        fields.put("pod_name", pod.getName());
        fields.put("pod_uid", pod.getUid());
        return fields;
    }

    static PodNames of(Sandboxes sandboxes, Containers containers) {
        return new PodNames() {
            @Override
            public Map<String, String> ofPod(String idPrefix) {
                return found(() -> sandboxes.find(idPrefix)).map(this::named).orElse(Map.of());
            }

            @Override
            public Map<String, String> ofContainer(String idPrefix) {
                return found(() -> containers.find(idPrefix)).map(this::named).orElse(Map.of());
            }

            private Map<String, String> named(Sandbox sandbox) {
                Map<String, String> fields = fields(Payload.of(sandbox).getMetadata());
                fields.put("pod_id", sandbox.id());
                return fields;
            }

            private Map<String, String> named(Container container) {
                Map<String, String> fields =
                        new LinkedHashMap<>(ofPod(container.spec().sandboxId()));
                fields.put("container_name", Payload.of(container).getMetadata().getName());
                fields.put("container_id", container.id());
                return fields;
            }
        };
    }

    /// A log line must not fail for an ambiguous prefix or an unreadable record: the call will.
    private static <T> Optional<T> found(java.util.function.Supplier<Optional<T>> search) {
        try {
            return search.get();
        } catch (ContainerRuntimeException _) {
            return Optional.empty();
        }
    }
}
