package io.carpel.agent.cli.manifest;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The variables of a container: literals, and fields of the pod that are known on the node.
final class EnvironmentMapper {
    private static final Pattern ENTRY =
            Pattern.compile("metadata\\.(labels|annotations)\\['([^']+)'\\]");

    private final PodManifest manifest;
    private final NodeFacts node;
    private final PodFacts pod;

    EnvironmentMapper(PodManifest manifest, NodeFacts node, PodFacts pod) {
        this.manifest = manifest;
        this.node = node;
        this.pod = pod;
    }

    /// In the order of the file; a value may name variables before it.
    Map<String, String> map(Container container) {
        Map<String, String> variables = new LinkedHashMap<>();
        int index = 0;
        for (EnvVar variable : container.getEnv()) {
            String path = "container %s: env[%d]".formatted(container.getName(), index++);
            String name = variable.getName();
            if (name == null || name.isEmpty() || name.indexOf('=') >= 0) {
                throw new ManifestException(path + ".name: '" + name + "' is no variable's name");
            }
            variables.put(name, value(path, variable, variables));
        }
        return variables;
    }

    private String value(String path, EnvVar variable, Map<String, String> before) {
        if (variable.getValueFrom() == null) {
            return Expansion.expand(Optional.ofNullable(variable.getValue()).orElse(""), before);
        }
        if (variable.getValue() != null && !variable.getValue().isEmpty()) {
            throw new ManifestException(path + ": value and valueFrom exclude each other");
        }
        var reference = variable.getValueFrom().getFieldRef();
        String field = reference == null ? null : reference.getFieldPath();
        if (field == null) {
            throw new ManifestException(path + ".valueFrom.fieldRef.fieldPath: is missing");
        }
        return field(field)
                .orElseThrow(() ->
                        new ManifestException(
                                "%s.valueFrom.fieldRef.fieldPath: '%s' is not known here"
                                        .formatted(path, field)));
    }

    private Optional<String> field(String field) {
        Matcher entry = ENTRY.matcher(field);
        if (entry.matches()) {
            var metadata = manifest.pod().getMetadata();
            Map<String, String> map =
                    entry.group(1).equals("labels")
                            ? metadata.getLabels()
                            : metadata.getAnnotations();
            String value = map == null ? null : map.get(entry.group(2));
            return Optional.of(value == null ? "" : value);
        }
        return switch (field) {
            case "metadata.name" -> Optional.of(manifest.name());
            case "metadata.namespace" -> Optional.of(manifest.namespace());
            case "metadata.uid" -> Optional.of(pod.uid());
            case "spec.nodeName" -> Optional.of(node.nodeName());
            case "status.podIP" -> pod.ips().stream().findFirst();
            case "status.podIPs" ->
                    pod.ips().isEmpty()
                            ? Optional.empty()
                            : Optional.of(String.join(",", pod.ips()));
            default -> Optional.empty();
        };
    }
}
