package io.carpel.agent.cli.node;

import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.MicroTime;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// [NodeApi] by a real API server. Safe for use by several threads.
public final class ApiNode implements NodeApi {
    private static final String READY = "Ready";
    private static final String HEALTHY = "CarpelHealthy";
    private static final String MIRROR = "kubernetes.io/config.mirror";
    private static final Set<String> OVER = Set.of("Succeeded", "Failed");
    private static final int GONE = 404;
    private static final String ELLIPSIS = "…";

    /// Says only what shall change. The kubelet writes its node every few seconds, and a change
    /// that rests on the version that was read would be refused now and then. Conditions merge by
    /// type.
    private static final PatchContext MERGE = PatchContext.of(PatchType.STRATEGIC_MERGE);

    private final KubernetesClient client;
    private final String name;
    private final Clock clock;

    public ApiNode(KubernetesClient client, String name, Clock clock) {
        this.client = client;
        this.name = name;
        this.clock = clock;
    }

    @Override
    public View view() {
        return asking(
                "read",
                () -> {
                    Node node =
                            Optional.ofNullable(node().get())
                                    .orElseThrow(() ->
                                            new NodeException(
                                                    "the cluster has no node named "
                                                            + name
                                                            + " (name it with --node)"));
                    Optional<NodeCondition> ready =
                            node.getStatus().getConditions().stream()
                                    .filter(condition -> condition.getType().equals(READY))
                                    .findFirst();
                    return new View(
                            ready.map(condition -> condition.getStatus().equals("True"))
                                    .orElse(false),
                            Boolean.TRUE.equals(node.getSpec().getUnschedulable()),
                            node.getStatus().getNodeInfo().getContainerRuntimeVersion(),
                            node.getStatus().getNodeInfo().getKubeletVersion(),
                            ready.map(NodeCondition::getLastHeartbeatTime).orElse(""));
                });
    }

    @Override
    public void cordon(boolean unschedulable) {
        ObjectNode patch = JsonMapper.shared().createObjectNode();
        ObjectNode spec = patch.putObject("spec");
        if (unschedulable) {
            spec.put("unschedulable", true);
        } else {
            spec.putNull("unschedulable");
        }
        asking(unschedulable ? "cordon" : "uncordon", () -> node().patch(MERGE, patch.toString()));
    }

    @Override
    public List<Tenant> tenants() {
        return asking(
                "list the pods of",
                () ->
                        client
                                .pods()
                                .inAnyNamespace()
                                .withField("spec.nodeName", name)
                                .list()
                                .getItems()
                                .stream()
                                .filter(ApiNode::moves)
                                .map(pod ->
                                        new Tenant(
                                                pod.getMetadata().getNamespace(),
                                                pod.getMetadata().getName()))
                                .toList());
    }

    private static boolean moves(Pod pod) {
        boolean mirror =
                Optional.ofNullable(pod.getMetadata().getAnnotations())
                        .map(annotations -> annotations.containsKey(MIRROR))
                        .orElse(false);
        boolean daemon =
                pod.getMetadata().getOwnerReferences().stream()
                        .anyMatch(owner -> owner.getKind().equals("DaemonSet"));
        return !mirror && !daemon && !OVER.contains(pod.getStatus().getPhase());
    }

    @Override
    public boolean evict(Tenant tenant) {
        try {
            return client.pods().inNamespace(tenant.namespace()).withName(tenant.name()).evict();
        } catch (KubernetesClientException e) {
            if (e.getCode() == GONE) {
                return true;
            }
            throw new NodeException("cannot evict " + tenant + ": " + ClusterClient.reason(e), e);
        }
    }

    @Override
    public void event(String reason, String message, boolean warning) {
        Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
        asking(
                "write an event about",
                () ->
                        client.v1()
                                .events()
                                .inNamespace("default")
                                .resource(
                                        new EventBuilder()
                                                .withNewMetadata()
                                                .withGenerateName("carpel-")
                                                .withNamespace("default")
                                                .endMetadata()
                                                .withNewInvolvedObject()
                                                .withApiVersion("v1")
                                                .withKind("Node")
                                                .withName(name)
                                                // The kubelet's own events name the node so, and
                                                // `kubectl describe node` looks for that.
                                                .withUid(name)
                                                .endInvolvedObject()
                                                .withType(warning ? "Warning" : "Normal")
                                                .withReason(reason)
                                                .withMessage(atMost(1024, message))
                                                .withAction(reason)
                                                .withReportingComponent("carpel.io/node")
                                                .withReportingInstance(atMost(128, name))
                                                .withEventTime(new MicroTime(now.toString()))
                                                .withFirstTimestamp(now.toString())
                                                .withLastTimestamp(now.toString())
                                                .build())
                                .create());
    }

    /// The server refuses an event with more, and then nobody would be told anything.
    static String atMost(int bytes, String text) {
        byte[] all = text.getBytes(StandardCharsets.UTF_8);
        if (all.length <= bytes) {
            return text;
        }
        int end = bytes - ELLIPSIS.getBytes(StandardCharsets.UTF_8).length;
        // Back to where a character begins.
        while (end > 0 && (all[end] & 0xc0) == 0x80) {
            end--;
        }
        return new String(all, 0, end, StandardCharsets.UTF_8) + ELLIPSIS;
    }

    @Override
    public void condition(boolean healthy, String reason, String message) {
        String now = clock.instant().truncatedTo(ChronoUnit.SECONDS).toString();
        String status = healthy ? "True" : "False";
        String since =
                asking("read", this::conditions)
                        .filter(condition -> status.equals(condition.getStatus()))
                        .map(NodeCondition::getLastTransitionTime)
                        .orElse(now);
        patchCondition(condition ->
                condition
                        .put("status", status)
                        .put("reason", reason)
                        .put("message", message)
                        .put("lastHeartbeatTime", now)
                        .put("lastTransitionTime", since));
    }

    private Optional<NodeCondition> conditions() {
        return Optional.ofNullable(node().get())
                .flatMap(node ->
                        node.getStatus().getConditions().stream()
                                .filter(condition -> condition.getType().equals(HEALTHY))
                                .findFirst());
    }

    @Override
    public void removeCondition() {
        patchCondition(condition -> condition.put("$patch", "delete"));
    }

    private void patchCondition(Consumer<ObjectNode> content) {
        ObjectNode patch = JsonMapper.shared().createObjectNode();
        content.accept(
                patch.putObject("status").putArray("conditions").addObject().put("type", HEALTHY));
        asking(
                "set the condition of",
                () -> node().subresource("status").patch(MERGE, patch.toString()));
    }

    @Override
    public Map<String, String> labels() {
        return asking(
                "read",
                () ->
                        Optional.ofNullable(node().get())
                                .map(node -> node.getMetadata().getLabels())
                                .map(Map::copyOf)
                                .orElseThrow(() ->
                                        new NodeException(
                                                "the cluster has no node named " + name)));
    }

    @Override
    public void label(Map<String, Optional<String>> labels) {
        ObjectNode patch = JsonMapper.shared().createObjectNode();
        ObjectNode named = patch.putObject("metadata").putObject("labels");
        labels.forEach((label, value) ->
                value.ifPresentOrElse(text -> named.put(label, text), () -> named.putNull(label)));
        asking("label", () -> node().patch(MERGE, patch.toString()));
    }

    private Resource<Node> node() {
        return client.nodes().withName(name);
    }

    private <T> T asking(String what, Supplier<T> call) {
        try {
            return call.get();
        } catch (KubernetesClientException e) {
            throw new NodeException(
                    "cannot %s node %s: %s".formatted(what, name, ClusterClient.reason(e)), e);
        }
    }
}
