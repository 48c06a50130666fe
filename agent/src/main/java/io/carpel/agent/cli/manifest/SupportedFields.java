package io.carpel.agent.cli.manifest;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// The fields of a Pod that `carpel run` carries out. `[]` stands for any element of a list, `*`
/// for any key of a map. Whatever is set and not listed is refused: a manifest is run as it is
/// written or not at all.
final class SupportedFields {
    private static final String POD =
            """
            apiVersion kind
            metadata.name metadata.namespace metadata.labels.* metadata.annotations.*
            spec.activeDeadlineSeconds spec.restartPolicy spec.terminationGracePeriodSeconds
            spec.hostIPC spec.hostNetwork spec.hostPID spec.hostUsers spec.shareProcessNamespace
            spec.hostname spec.dnsPolicy spec.runtimeClassName spec.os.name
            spec.automountServiceAccountToken spec.enableServiceLinks
            spec.dnsConfig.nameservers[] spec.dnsConfig.searches[]
            spec.dnsConfig.options[].name spec.dnsConfig.options[].value
            spec.hostAliases[].ip spec.hostAliases[].hostnames[]
            spec.securityContext.runAsUser spec.securityContext.runAsGroup
            spec.securityContext.runAsNonRoot
            spec.securityContext.fsGroup spec.securityContext.fsGroupChangePolicy
            spec.securityContext.supplementalGroups[]
            spec.securityContext.supplementalGroupsPolicy
            spec.securityContext.sysctls[].name spec.securityContext.sysctls[].value
            spec.volumes[].name spec.volumes[].hostPath.path spec.volumes[].hostPath.type
            spec.volumes[].emptyDir.medium spec.volumes[].emptyDir.mode
            spec.volumes[].image.reference spec.volumes[].image.pullPolicy
            """;

    private static final String CONTAINER =
            """
            name image imagePullPolicy command[] args[] workingDir tty
            env[].name env[].value env[].valueFrom.fieldRef.fieldPath
            env[].valueFrom.fieldRef.apiVersion
            ports[].name ports[].containerPort ports[].hostPort ports[].hostIP ports[].protocol
            resources.limits.* resources.requests.*
            volumeMounts[].name volumeMounts[].mountPath volumeMounts[].readOnly
            volumeMounts[].recursiveReadOnly volumeMounts[].mountPropagation
            volumeMounts[].subPath volumeMounts[].subPathExpr
            securityContext.allowPrivilegeEscalation securityContext.privileged
            securityContext.procMount securityContext.readOnlyRootFilesystem
            securityContext.runAsUser securityContext.runAsGroup securityContext.runAsNonRoot
            securityContext.capabilities.add[] securityContext.capabilities.drop[]
            """;

    /// Fields that pod and container have alike.
    private static final String PROFILES =
            """
            securityContext.seccompProfile.type securityContext.seccompProfile.localhostProfile
            securityContext.appArmorProfile.type securityContext.appArmorProfile.localhostProfile
            securityContext.seLinuxOptions.user securityContext.seLinuxOptions.role
            securityContext.seLinuxOptions.type securityContext.seLinuxOptions.level
            """;

    /// Why what is often used is not supported; the longest pattern that begins a path counts.
    private static final Map<String, String> REASONS = reasons();

    private static final Set<String> LEAVES = leaves();
    private static final Set<String> PARENTS = parents();

    private SupportedFields() {}

    /// Whether a value may stand here.
    static boolean isLeaf(String pattern) {
        return LEAVES.contains(pattern);
    }

    /// Whether the keys of this map are free.
    static boolean isMap(String pattern) {
        return LEAVES.contains(pattern + ".*");
    }

    /// Whether something supported can stand below.
    static boolean isParent(String pattern) {
        return PARENTS.contains(pattern);
    }

    /// Why a field is not supported.
    static String reason(String pattern) {
        String found = "not supported by carpel run";
        int length = -1;
        for (var entry : REASONS.entrySet()) {
            String prefix = entry.getKey();
            boolean below = pattern.equals(prefix) || pattern.startsWith(prefix + ".");
            if (below && prefix.length() > length) {
                found = entry.getValue();
                length = prefix.length();
            }
        }
        return found;
    }

    private static Set<String> leaves() {
        Set<String> all = new TreeSet<>(words(POD));
        for (String field : words(PROFILES)) {
            all.add("spec." + field);
        }
        for (String list : new String[] {"spec.containers[]", "spec.initContainers[]"}) {
            words(CONTAINER).forEach(field -> all.add(list + "." + field));
            words(PROFILES).forEach(field -> all.add(list + "." + field));
        }
        all.add("spec.initContainers[].restartPolicy");
        return Set.copyOf(all);
    }

    private static Set<String> words(String text) {
        return Set.of(text.strip().split("\\s+"));
    }

    private static Set<String> parents() {
        Set<String> all = new TreeSet<>();
        for (String leaf : LEAVES) {
            for (int at = 1; at < leaf.length(); at++) {
                switch (leaf.charAt(at)) {
                    case '.', '[' -> all.add(leaf.substring(0, at));
                    case ']' -> all.add(leaf.substring(0, at + 1));
                    default -> {}
                }
            }
        }
        return Set.copyOf(all);
    }

    private static Map<String, String> reasons() {
        Map<String, String> why = new LinkedHashMap<>();
        String server = "needs an API server";
        String scheduler = "is for a scheduler; carpel run is already on the node";
        String probe = "needs someone to probe; carpel run only waits for the end";
        why.put("status", "is written by a cluster, not read");
        why.put("spec.nodeName", scheduler);
        why.put("spec.nodeSelector", scheduler);
        why.put("spec.affinity", scheduler);
        why.put("spec.tolerations", scheduler);
        why.put("spec.topologySpreadConstraints", scheduler);
        why.put("spec.schedulerName", scheduler);
        why.put("spec.priority", scheduler);
        why.put("spec.priorityClassName", scheduler);
        why.put("spec.serviceAccount", server);
        why.put("spec.serviceAccountName", server);
        why.put("spec.imagePullSecrets", server);
        why.put("spec.subdomain", "needs a cluster's DNS");
        why.put("spec.setHostnameAsFQDN", "needs a cluster's DNS");
        why.put("spec.ephemeralContainers", "is set on running pods only");
        why.put("spec.volumes[]", "is not a hostPath, emptyDir or image volume");
        why.put(
                "spec.volumes[].emptyDir.sizeLimit",
                "cannot be enforced, so it would promise too much");
        for (String list : new String[] {"spec.containers[]", "spec.initContainers[]"}) {
            why.put(list + ".envFrom", server);
            why.put(list + ".env[].valueFrom.configMapKeyRef", server);
            why.put(list + ".env[].valueFrom.secretKeyRef", server);
            why.put(list + ".livenessProbe", probe);
            why.put(list + ".readinessProbe", probe);
            why.put(list + ".startupProbe", probe);
            why.put(list + ".lifecycle", "hooks are not run by carpel run");
            why.put(list + ".stdin", "carpel run passes no input");
            why.put(list + ".stdinOnce", "carpel run passes no input");
        }
        why.put("spec.containers[].restartPolicy", "carpel run starts each container once");
        return Map.copyOf(why);
    }
}
