package io.carpel.agent.translate;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.util.JsonFormat;
import io.carpel.cri.ContainerConfig;
import io.carpel.cri.KeyValue;
import io.carpel.runtime.container.Container;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.spec.MountSpec;
import io.carpel.runtime.spec.PidMode;
import io.carpel.runtime.spec.PinnedNamespaces;
import io.carpel.runtime.work.WorkBoard;
import io.carpel.runtime.work.WorkItem;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The `info` map of verbose answers: JSON texts for tools.
///
/// Tools read `pid`, `sandboxID`, `config` and `runtimeSpec.linux.namespaces`. The latter has the
/// shape of an OCI runtime specification without there being one: what a tool may look for is
/// filled in, nothing is invented. Values of environment variables are left out, they may be
/// secret.
public final class InfoTranslator {
    /// The map's only key for sandboxes and containers.
    public static final String KEY = "info";

    private final ObjectMapper json;

    private final WorkBoard board;

    /// @param board shows what is being done
    public InfoTranslator(ObjectMapper json, WorkBoard board) {
        this.json = json;
        this.board = board;
    }

    /// @param containers the sandbox's containers
    public Map<String, String> sandbox(Sandbox sandbox, List<Container> containers) {
        ObjectNode info = json.createObjectNode();
        info.put("pid", pid(sandbox, containers));
        info.put("sandboxID", sandbox.id());
        pending(info, board.ofSandbox(sandbox.id()));
        info.set("config", tree(Payload.of(sandbox)));
        ObjectNode spec = info.putObject("runtimeSpec");
        spec.put("hostname", sandbox.spec().hostname());
        ObjectNode linux = spec.putObject("linux");
        linux.put("cgroupsPath", sandbox.cgroupParent());
        ArrayNode namespaces = linux.putArray("namespaces");
        pins(namespaces, sandbox.pins(), true);
        return Map.of(KEY, json.writeValueAsString(info));
    }

    // What is being done to it, for whoever wonders why it does not get on. Only when there is any.
    private static void pending(ObjectNode info, List<WorkItem> work) {
        if (!work.isEmpty()) {
            ArrayNode pending = info.putArray("pending");
            for (WorkItem item : work) {
                pending.addObject()
                        .put("id", item.subject().id())
                        .put("call", item.call())
                        .put("step", item.step())
                        .put("since", item.since().toString());
            }
        }
    }

    // A sandbox has a process of its own only where it shares a pid namespace. Where it has none,
    // any of its containers will do for a tool that wants to enter the pod.
    private static int pid(Sandbox sandbox, List<Container> containers) {
        return sandbox.reaperPid()
                .or(() ->
                        containers.stream()
                                .map(Container::pid)
                                .flatMap(Optional::stream)
                                .findFirst())
                .orElse(0);
    }

    // Those missing are the host's, or each container's own.
    private static void pins(ArrayNode namespaces, PinnedNamespaces pins, boolean withPid) {
        pin(namespaces, "network", pins.net());
        pin(namespaces, "ipc", pins.ipc());
        pin(namespaces, "uts", pins.uts());
        pin(namespaces, "user", pins.user());
        if (withPid) {
            pin(namespaces, "pid", pins.pid());
        }
    }

    private static void pin(ArrayNode namespaces, String type, Optional<Path> file) {
        file.ifPresent(
                path -> namespaces.addObject().put("type", type).put("path", path.toString()));
    }

    /// @param sandbox the container's sandbox, unless it is gone already
    /// @param droppedLogBytes output that is missing in its log, because the disk was full
    public Map<String, String> container(
            Container container, Optional<Sandbox> sandbox, long droppedLogBytes) {
        ObjectNode info = json.createObjectNode();
        info.put("pid", container.pid().orElse(0));
        info.put("sandboxID", container.spec().sandboxId());
        info.put("runtimeType", "carpel");
        pending(info, board.of(container.id()));
        info.put("droppedLogBytes", droppedLogBytes);
        info.set("config", tree(withoutSecrets(Payload.of(container))));
        ObjectNode spec = info.putObject("runtimeSpec");
        ObjectNode process = spec.putObject("process");
        process.put("terminal", container.spec().process().tty());
        ObjectNode user = process.putObject("user");
        user.put("uid", container.user().uid());
        user.put("gid", container.user().gid());
        ArrayNode groups = user.putArray("additionalGids");
        container.user().groups().forEach(groups::add);
        ArrayNode args = process.putArray("args");
        container.argv().forEach(args::add);
        mounts(spec.putArray("mounts"), container);
        ObjectNode linux = spec.putObject("linux");
        linux.put("cgroupsPath", container.cgroup());
        namespaces(linux.putArray("namespaces"), container, sandbox);
        return Map.of(KEY, json.writeValueAsString(info));
    }

    private static void mounts(ArrayNode mounts, Container container) {
        for (MountSpec mount : container.spec().mounts()) {
            ObjectNode node = mounts.addObject();
            node.put("destination", mount.target());
            node.put("type", "bind");
            node.put("source", mount.image().orElse(mount.source()));
            ArrayNode options = node.putArray("options");
            options.add(mount.readonly() ? "ro" : "rw");
            mount.options().forEach(options::add);
        }
    }

    private static void namespaces(
            ArrayNode namespaces, Container container, Optional<Sandbox> sandbox) {
        sandbox.ifPresent(pod -> pins(namespaces, pod.pins(), false));
        if (container.spec().pid() != PidMode.HOST) {
            ObjectNode pid = namespaces.addObject().put("type", "pid");
            // By the process, whichever namespace it has joined or made.
            container.pid().ifPresent(init -> pid.put("path", "/proc/" + init + "/ns/pid"));
        }
        namespaces.addObject().put("type", "mount");
    }

    // Records of earlier builds hold the values.
    private static ContainerConfig withoutSecrets(ContainerConfig config) {
        ContainerConfig.Builder shown = config.toBuilder().clearEnvs();
        for (KeyValue variable : config.getEnvsList()) {
            shown.addEnvs(variable.toBuilder().setValue(ByteString.EMPTY));
        }
        return shown.build();
    }

    private ObjectNode tree(MessageOrBuilder message) {
        return (ObjectNode) json.readTree(json(message));
    }

    /// A message as JSON on one line, with the protocol's own names.
    public static String json(MessageOrBuilder message) {
        try {
            return JsonFormat.printer()
                    .preservingProtoFieldNames()
                    .omittingInsignificantWhitespace()
                    .print(message);
        } catch (InvalidProtocolBufferException e) {
            // Only messages with an Any of unknown type cannot be printed; CRI has none.
            throw new IllegalStateException(e);
        }
    }
}
