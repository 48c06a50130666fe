package io.carpel.agent.cli;

import io.carpel.agent.cli.node.ApiNode;
import io.carpel.agent.cli.node.ClusterClient;
import io.carpel.agent.cli.node.HostKubelet;
import io.carpel.agent.cli.node.JournalFile;
import io.carpel.agent.cli.node.KubeletFiles;
import io.carpel.agent.cli.node.Limits;
import io.carpel.agent.cli.node.NodeApi;
import io.carpel.agent.cli.node.NodeException;
import io.carpel.agent.cli.node.NodeParts;
import io.carpel.agent.cli.node.NodeSwitch;
import io.carpel.agent.cli.node.NodeSwitch.Outcome;
import io.carpel.agent.cli.node.Polling;
import io.carpel.agent.cli.node.SwitchJournal;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.Closeable;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `carpel node`: which runtime this node's kubelet uses.
@Command(
        name = "node",
        description =
                "Move this node's kubelet to Carpel and back, with its pods out of harm's way.")
final class NodeCommand implements Runnable {
    @Spec private CommandSpec spec = CommandSpec.create();

    static CommandLine create() {
        return new CommandLine(new NodeCommand())
                .addSubcommand(new Switch())
                .addSubcommand(new Rollback())
                .addSubcommand(new Verify())
                .addSubcommand(new ShowStatus())
                .addSubcommand(new NodeChartCommands.UninstallAll())
                .addSubcommand(new NodeChartCommands.TestPod());
    }

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(), "switch, rollback, verify or status is missing");
    }

    /// Where the node and its cluster are.
    static final class Place {
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

        JournalFile journal() {
            return new JournalFile(root.resolve(Path.of("/").relativize(journal.toAbsolutePath())));
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
                    parts,
                    new Limits(Duration.ofSeconds(drain), Duration.ofSeconds(ready)),
                    System.getenv().getOrDefault("POD_UID", ""));
        }
    }

    /// What the verbs that change something have in common.
    abstract static sealed class Verb implements Callable<Integer> {
        @Spec CommandSpec spec = CommandSpec.create();
        @Mixin Place place = new Place();

        abstract int work(KubernetesClient client) throws IOException;

        @Override
        public final Integer call() throws IOException {
            try (KubernetesClient client = ClusterClient.open(place.kubeconfig)) {
                return work(client);
            } catch (NodeException e) {
                throw new CliException(String.valueOf(e.getMessage()), e);
            }
        }

        PrintWriter out() {
            return spec.commandLine().getOut();
        }

        PrintWriter err() {
            return spec.commandLine().getErr();
        }
    }

    /// `carpel node switch`.
    @Command(
            name = "switch",
            description = {
                "Cordon and drain this node, let its kubelet use the agent, wait until the node is Ready"
                        + " again, and uncordon it. When a step fails or takes too long, everything is"
                        + " put back as it was.",
                "What has been done is written to disk: interrupted at any point, even by a power cut,"
                        + " the same command goes on."
            },
            exitCodeListHeading = "Exit status:%n",
            exitCodeList = {
                "0:The kubelet uses the agent.",
                "1:It does not; everything is as it was, or standard error says what is not.",
                "2:Wrong usage."
            })
    static final class Switch extends Verb {
        @Mixin private Connection connection = new Connection();

        @Override
        int work(KubernetesClient client) throws IOException {
            String endpoint = "unix://" + connection.path().toAbsolutePath();
            Outcome outcome;
            try (Closeable _ = place.journal().lock()) {
                outcome = place.nodeSwitch(client, err()).run(endpoint);
            }
            if (outcome.done()) {
                out().println(
                                "node %s runs its pods under %s"
                                        .formatted(place.nodeName(), outcome.journal().runtime()));
                return 0;
            }
            throw new CliException(
                    "the switch failed and was undone, the kubelet uses %s: %s"
                            .formatted(outcome.journal().oldEndpoint(), outcome.failure()));
        }
    }

    /// `carpel node rollback`.
    @Command(
            name = "rollback",
            description =
                    "Undo the last switch: the kubelet uses the runtime again that it used before.")
    static final class Rollback extends Verb {
        @Override
        int work(KubernetesClient client) throws IOException {
            Outcome outcome;
            try (Closeable _ = place.journal().lock()) {
                outcome = place.nodeSwitch(client, err()).rollback();
            }
            out().println(
                            "node %s runs its pods under %s again"
                                    .formatted(place.nodeName(), outcome.journal().oldRuntime()));
            return 0;
        }
    }

    /// `carpel node verify`.
    @Command(
            name = "verify",
            description = {
                "Find out whether the agent could take over: it answers, its conditions hold, and the"
                        + " kubelet's files name a runtime in a place that can be changed."
            })
    static final class Verify extends Verb {
        @Mixin private Connection connection = new Connection();

        @Override
        int work(KubernetesClient client) {
            String endpoint = "unix://" + connection.path().toAbsolutePath();
            String runtime = new CriPodRuntime(place.root, endpoint).readyName();
            out().println("ok      runtime: %s at %s is ready".formatted(runtime, endpoint));
            place.files()
                    .plan(endpoint)
                    .forEach(change -> out().println("ok      kubelet: told by " + change.path()));
            NodeApi.View view = place.api(client).view();
            out().println(
                            "ok      node: %s runs %s"
                                    .formatted(
                                            view.ready() ? "Ready," : "not Ready,",
                                            view.runtime()));
            return 0;
        }
    }

    /// `carpel node status`.
    @Command(
            name = "status",
            description =
                    "Show which runtime the kubelet is told and uses, and how far a switch is.")
    static final class ShowStatus extends Verb {
        @Override
        int work(KubernetesClient client) {
            NodeApi.View view = place.api(client).view();
            Optional<SwitchJournal> journal = place.journal().read();
            PrintWriter out = out();
            out.println("node:      " + place.nodeName());
            out.println("ready:     " + (view.ready() ? "yes" : "no"));
            out.println("cordoned:  " + (view.cordoned() ? "yes" : "no"));
            out.println("kubelet:   " + view.kubelet());
            out.println("runtime:   " + view.runtime());
            out.println(
                    "endpoint:  " + place.files().endpoint().orElse("not told, so containerd's"));
            out.println(
                    "switch:    "
                            + journal.map(one ->
                                            "%s, from %s to %s%s"
                                                    .formatted(
                                                            one.phase(),
                                                            one.oldEndpoint(),
                                                            one.endpoint(),
                                                            one.failure().isEmpty()
                                                                    ? ""
                                                                    : ": " + one.failure()))
                                    .orElse("none"));
            return 0;
        }
    }
}
