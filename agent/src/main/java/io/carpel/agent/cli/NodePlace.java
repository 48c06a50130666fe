package io.carpel.agent.cli;

import io.carpel.agent.cli.node.ApiNode;
import io.carpel.agent.cli.node.HostKubelet;
import io.carpel.agent.cli.node.JournalFile;
import io.carpel.agent.cli.node.KubeletFiles;
import io.carpel.agent.cli.node.Limits;
import io.carpel.agent.cli.node.NodeApi;
import io.carpel.agent.cli.node.NodeParts;
import io.carpel.agent.cli.node.NodeSwitch;
import io.carpel.agent.cli.node.Polling;
import io.carpel.agent.cli.node.SwitchJournal;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/// Where the node and its cluster are.
final class NodePlace {
    private static final Duration INTERVAL = Duration.ofSeconds(2);

    @Option(
            names = "--kubeconfig",
            paramLabel = "<file>",
            description =
                    "How to reach the API server. Default: $KUBECONFIG, ~/.kube/config, or the"
                            + " service account of the pod that this runs in.")
    Optional<Path> kubeconfig = Optional.empty();

    @Option(
            names = "--node",
            paramLabel = "<name>",
            description =
                    "Name of this node in the cluster. Default: $NODE_NAME, then its hostname.")
    String node = "";

    @Option(
            names = "--host-root",
            paramLabel = "<directory>",
            description = "The host's root directory, as seen from here. Default: /.")
    Path root = Path.of("/");

    @Option(
            names = "--kubelet-config",
            paramLabel = "<file>",
            description =
                    "The kubelet's configuration, as the host names it. Default:"
                            + " /var/lib/kubelet/config.yaml.")
    Path kubeletConfig = Path.of("/var/lib/kubelet/config.yaml");

    @Option(
            names = "--kubelet-command",
            paramLabel = "<word>",
            description =
                    "What stops and starts the kubelet, called with `stop` or `start` as its"
                            + " last argument; repeat for several words. Default: systemctl on"
                            + " kubelet.service.")
    List<String> kubeletCommand = List.of();

    @Option(
            names = "--drain-timeout",
            paramLabel = "<seconds>",
            description = "How long pods may take to leave. Default: 600.")
    long drain = 600;

    @Option(
            names = "--ready-timeout",
            paramLabel = "<seconds>",
            description =
                    "How long the node may take to be Ready after its kubelet was started."
                            + " Default: 180.")
    long ready = 180;

    @Option(
            names = "--journal",
            paramLabel = "<file>",
            description =
                    "Where it is written down how far a switch has come, as the host names it."
                            + " Default: /var/lib/carpel/node/switch.json.")
    Path journal = Path.of("/var/lib/carpel/node/switch.json");

    KubeletFiles files() {
        return new KubeletFiles(root, kubeletConfig);
    }

    JournalFile<SwitchJournal> journal() {
        return JournalFile.ofSwitch(
                root.resolve(Path.of("/").relativize(journal.toAbsolutePath())));
    }

    NodeApi api(KubernetesClient client) {
        return new ApiNode(client, nodeName(), Clock.systemUTC());
    }

    String nodeName() {
        String name = node.isEmpty() ? System.getenv().getOrDefault("NODE_NAME", "") : node;
        if (!name.isEmpty()) {
            return name;
        }
        try {
            return Files.readString(root.resolve("proc/sys/kernel/hostname")).strip();
        } catch (IOException e) {
            throw new CliException("cannot read this node's name: " + e.getMessage(), e);
        }
    }

    /// The uid of the pod that this runs in; empty outside of pods.
    static String ownPod() {
        return System.getenv().getOrDefault("POD_UID", "");
    }

    NodeSwitch nodeSwitch(KubernetesClient client, PrintWriter progress) {
        NodeParts parts =
                new NodeParts(
                        api(client),
                        new HostKubelet(root, kubeletCommand),
                        files(),
                        journal(),
                        endpoint -> new CriPodRuntime(root, endpoint),
                        new Polling(INTERVAL),
                        line -> {
                            progress.println(line);
                            progress.flush();
                        });
        return new NodeSwitch(
                parts, new Limits(Duration.ofSeconds(drain), Duration.ofSeconds(ready)), ownPod());
    }
}
