package io.carpel.agent.cri;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import io.carpel.agent.pod.PodNames;
import io.carpel.cri.CreateContainerRequest;
import io.carpel.cri.CreateContainerResponse;
import io.carpel.cri.RunPodSandboxRequest;
import io.carpel.cri.RunPodSandboxResponse;
import io.carpel.runtime.spec.Printable;
import java.util.LinkedHashMap;
import java.util.Map;

/// What a call is about, in one or two words for its line in the log: ids, names and references.
/// Nothing else of a request is ever shown.
final class CallSubject {
    private static final int ID_LENGTH = 13;

    private CallSubject() {}

    /// Empty when the request is about nothing in particular.
    static String of(Object request) {
        if (!(request instanceof Message message)) {
            return "";
        }
        StringBuilder text = new StringBuilder();
        append(text, "pod", shortened(string(message, "pod_sandbox_id")));
        append(text, "container", shortened(string(message, "container_id")));
        append(text, "image", string(sub(message, "image"), "image"));
        Message metadata = sub(sub(message, "config"), "metadata");
        String namespace = string(metadata, "namespace");
        String name = string(metadata, "name");
        append(text, "name", namespace.isEmpty() ? name : namespace + "/" + name);
        return text.toString();
    }

    /// The same in full and apart, for logs that machines read: the pod and container that the
    /// request names, by every name they have.
    static Map<String, String> fields(Object request, PodNames names) {
        if (!(request instanceof Message message)) {
            return Map.of();
        }
        Map<String, String> fields = new LinkedHashMap<>();
        String pod = string(message, "pod_sandbox_id");
        if (!pod.isEmpty()) {
            fields.putAll(names.ofPod(pod));
        }
        String container = string(message, "container_id");
        if (!container.isEmpty()) {
            fields.putAll(names.ofContainer(container));
        }
        switch (message) {
            case RunPodSandboxRequest run ->
                    fields.putAll(PodNames.fields(run.getConfig().getMetadata()));
            case CreateContainerRequest create ->
                    fields.put("container_name", create.getConfig().getMetadata().getName());
            default -> {}
        }
        String image = string(sub(message, "image"), "image");
        if (!image.isEmpty()) {
            fields.put("image", image);
        }
        return fields;
    }

    /// What a call has made, by the same names: its id is only in the answer.
    static Map<String, String> made(Object answer) {
        return switch (answer) {
            case RunPodSandboxResponse run -> Map.of("pod_id", run.getPodSandboxId());
            case CreateContainerResponse create -> Map.of("container_id", create.getContainerId());
            default -> Map.of();
        };
    }

    private static void append(StringBuilder text, String key, String value) {
        if (!value.isEmpty()) {
            text.append(' ').append(key).append('=').append(Printable.of(value));
        }
    }

    private static String shortened(String id) {
        return id.length() > ID_LENGTH ? id.substring(0, ID_LENGTH) : id;
    }

    private static Message sub(Message message, String name) {
        FieldDescriptor field = message.getDescriptorForType().findFieldByName(name);
        return field != null
                        && field.getJavaType() == FieldDescriptor.JavaType.MESSAGE
                        && !field.isRepeated()
                ? (Message) message.getField(field)
                : com.google.protobuf.Empty.getDefaultInstance();
    }

    private static String string(Message message, String name) {
        FieldDescriptor field = message.getDescriptorForType().findFieldByName(name);
        return field != null
                        && field.getJavaType() == FieldDescriptor.JavaType.STRING
                        && !field.isRepeated()
                ? (String) message.getField(field)
                : "";
    }
}
