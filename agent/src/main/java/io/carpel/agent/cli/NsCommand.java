package io.carpel.agent.cli;

import io.carpel.agent.cli.ns.NamespaceText;
import io.carpel.agent.cli.ns.NamespaceView;
import io.carpel.agent.cli.ns.NamespaceView.Container;
import io.carpel.agent.cli.ns.NamespaceView.Pod;
import io.carpel.agent.cli.ns.ProcReader;
import io.carpel.agent.cli.ns.ProcReader.Member;
import io.carpel.cri.ContainerFilter;
import io.carpel.cri.ContainerStatusRequest;
import io.carpel.cri.ListContainersRequest;
import io.carpel.cri.PodSandbox;
import io.carpel.cri.PodSandboxStatusRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// `carpel ns`: who shares which namespace.
@Command(
        name = "ns",
        description =
                "Show pods and containers with their namespaces: inodes, who shares them, processes"
                        + " from outside and inside, id maps.")
final class NsCommand implements Callable<Integer> {
    private static final Duration DEADLINE = Duration.ofSeconds(30);

    /// Names in the runtime specification → names in procfs.
    private static final Map<String, String> KINDS = Map.of("network", "net", "mount", "mnt");

    /// The forms of the answer.
    enum Output {
        table,
        json
    }

    @Spec private CommandSpec spec = CommandSpec.create();
    @Mixin private Connection connection = new Connection();

    @Option(
            names = {"-o", "--output"},
            paramLabel = "table|json",
            description = "Form of the answer. Default: table.")
    private Output output = Output.table;

    @Parameters(
            paramLabel = "POD",
            arity = "0..*",
            description = "Only these pods: name, namespace/name, or beginning of the id.")
    private List<String> pods = List.of();

    private final ProcReader proc = new ProcReader(Path.of("/proc"));

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        try (CriClient client = connection.open()) {
            NamespaceView view = view(client);
            switch (output) {
                case table -> print(view, out);
                case json ->
                        out.println(
                                JsonMapper.builder()
                                        .enable(SerializationFeature.INDENT_OUTPUT)
                                        .build()
                                        .writeValueAsString(view));
            }
            out.flush();
            return 0;
        } catch (StatusRuntimeException e) {
            throw new CliException(CriClient.explain(e, connection.path().toString()), e);
        }
    }

    private static void print(NamespaceView view, PrintWriter out) {
        List<List<String>> rows = NamespaceText.table(view);
        Table table = new Table(rows.getFirst().toArray(String[]::new));
        rows.stream().skip(1).forEach(row -> table.add(row.toArray(String[]::new)));
        table.print(out);
        NamespaceText.details(view).forEach(out::println);
    }

    private NamespaceView view(CriClient client) {
        Map<Long, List<Member>> processes = proc.processesByMountNamespace();
        Map<String, Long> host = host();
        List<Pod> found = new ArrayList<>();
        new PodPicker(client)
                .all().stream()
                        .filter(pod ->
                                pods.isEmpty()
                                        || pods.stream().anyMatch(name -> PodPicker.is(pod, name)))
                        .forEach(pod -> pod(client, pod, host, processes).ifPresent(found::add));
        return NamespaceView.of(host, found);
    }

    /// This command runs on the host; pid 1 may be shielded from it (CAP_SYS_PTRACE).
    private Map<String, Long> host() {
        Map<String, Long> first = proc.namespaces(1);
        return first.isEmpty() ? proc.namespaces(ProcessHandle.current().pid()) : first;
    }

    /// Empty when the pod vanished meanwhile.
    private Optional<Pod> pod(
            CriClient client,
            PodSandbox pod,
            Map<String, Long> host,
            Map<Long, List<Member>> processes) {
        try {
            JsonNode info =
                    info(
                            client.runtime(DEADLINE)
                                    .podSandboxStatus(
                                            PodSandboxStatusRequest.newBuilder()
                                                    .setPodSandboxId(pod.getId())
                                                    .setVerbose(true)
                                                    .build())
                                    .getInfoMap());
            List<Container> containers = new ArrayList<>();
            client
                    .runtime(DEADLINE)
                    .listContainers(
                            ListContainersRequest.newBuilder()
                                    .setFilter(
                                            ContainerFilter.newBuilder()
                                                    .setPodSandboxId(pod.getId()))
                                    .build())
                    .getContainersList()
                    .stream()
                    .sorted(Comparator.comparingLong(io.carpel.cri.Container::getCreatedAt))
                    .forEach(one ->
                            container(client, one, host, processes).ifPresent(containers::add));
            return Optional.of(
                    new Pod(
                            pod.getId(),
                            pod.getMetadata().getNamespace(),
                            pod.getMetadata().getName(),
                            word(pod.getState().name(), "SANDBOX_"),
                            reaper(info, containers),
                            pins(info),
                            containers));
        } catch (StatusRuntimeException e) {
            return gone(e);
        }
    }

    private Optional<Container> container(
            CriClient client,
            io.carpel.cri.Container container,
            Map<String, Long> host,
            Map<Long, List<Member>> processes) {
        try {
            long pid =
                    info(client.runtime(DEADLINE)
                                    .containerStatus(
                                            ContainerStatusRequest.newBuilder()
                                                    .setContainerId(container.getId())
                                                    .setVerbose(true)
                                                    .build())
                                    .getInfoMap())
                            .path("pid")
                            .asLong(0);
            Map<String, Long> namespaces = pid == 0 ? Map.of() : proc.namespaces(pid);
            Long mount = namespaces.get("mnt");
            Long user = namespaces.get("user");
            boolean mapped = user != null && !user.equals(host.get("user"));
            return Optional.of(
                    new Container(
                            container.getId(),
                            container.getMetadata().getName(),
                            word(container.getState().name(), "CONTAINER_"),
                            pid,
                            namespaces,
                            mount == null ? List.of() : processes.getOrDefault(mount, List.of()),
                            mapped ? proc.map(pid, "uid_map") : List.of(),
                            mapped ? proc.map(pid, "gid_map") : List.of()));
        } catch (StatusRuntimeException e) {
            return gone(e);
        }
    }

    private static <T> Optional<T> gone(StatusRuntimeException e) {
        if (e.getStatus().getCode() == Status.Code.NOT_FOUND) {
            return Optional.empty();
        }
        throw e;
    }

    /// The agent gives a container's pid for a pod without a process of its own.
    private static long reaper(JsonNode info, List<Container> containers) {
        long pid = info.path("pid").asLong(0);
        return containers.stream().anyMatch(one -> one.pid() == pid) ? 0 : pid;
    }

    private static Map<String, Long> pins(JsonNode info) {
        Map<String, Long> found = new LinkedHashMap<>();
        for (JsonNode namespace : info.path("runtimeSpec").path("linux").path("namespaces")) {
            String type = namespace.path("type").asString("");
            inode(namespace.path("path").asString(""))
                    .ifPresent(inode -> found.put(KINDS.getOrDefault(type, type), inode));
        }
        return found;
    }

    /// The inode of a pin is that of the namespace, nsfs shows through the bind mount.
    private static Optional<Long> inode(String path) {
        if (path.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of((Long) Files.getAttribute(Path.of(path), "unix:ino"));
        } catch (IOException _) {
            return Optional.empty();
        }
    }

    private static JsonNode info(Map<String, String> info) {
        return JsonMapper.shared().readTree(info.getOrDefault("info", "{}"));
    }

    private static String word(String name, String prefix) {
        return name.replaceFirst("^" + prefix, "").toLowerCase(Locale.ROOT);
    }
}
