package io.carpel.agent.cli;

import io.carpel.agent.cli.node.ClusterClient;
import io.carpel.agent.cli.node.NodeException;
import io.carpel.agent.cli.node.OwnPod;
import io.carpel.agent.cli.node.Polling;
import io.carpel.agent.cli.node.Withdrawal;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The verbs of `carpel node` that the Helm chart's hooks use. They look at a cluster, and touch no
/// host.
final class NodeChartCommands {
    private static final Duration INTERVAL = Duration.ofSeconds(1);

    private NodeChartCommands() {}

    /// What they have in common.
    abstract static sealed class Verb implements Callable<Integer> {
        @Spec CommandSpec spec = CommandSpec.create();

        @Option(
                names = "--kubeconfig",
                paramLabel = "<file>",
                description =
                        "How to reach the API server. Default: $KUBECONFIG, ~/.kube/config, or the"
                                + " service account of the pod that this runs in.")
        private Optional<Path> kubeconfig = Optional.empty();

        @Option(
                names = "--namespace",
                required = true,
                paramLabel = "<name>",
                description = "Namespace of the chart's release.")
        String namespace = "";

        abstract void work(KubernetesClient client) throws IOException;

        @Override
        public final Integer call() throws IOException {
            try (KubernetesClient client = ClusterClient.open(kubeconfig)) {
                work(client);
                return 0;
            } catch (NodeException e) {
                throw new CliException(String.valueOf(e.getMessage()), e);
            }
        }

        void say(String line) {
            spec.commandLine().getOut().println(line);
            spec.commandLine().getOut().flush();
        }
    }

    /// `carpel node uninstall-all`.
    @Command(
            name = "uninstall-all",
            description = {
                "Take Carpel off all nodes of a cluster, as the Helm chart does before it is"
                        + " uninstalled: make uninstallers of the installer's pods, and wait until"
                        + " no node has the label carpel.io/installed."
            })
    static final class UninstallAll extends Verb {
        @Option(
                names = "--daemon-set",
                required = true,
                paramLabel = "<name>",
                description = "The installer's DaemonSet.")
        private String daemonSet = "";

        @Option(
                names = "--patch",
                required = true,
                paramLabel = "<file>",
                description = "JSON patch that makes uninstallers of its pods.")
        private Path patch = Path.of("/");

        @Option(
                names = "--timeout",
                paramLabel = "<seconds>",
                description = "How long all nodes together may take. Default: 270.")
        private long timeout = 270;

        @Override
        void work(KubernetesClient client) throws IOException {
            new Withdrawal(client, new Polling(INTERVAL), this::say)
                    .run(
                            namespace,
                            daemonSet,
                            Files.readString(patch),
                            Duration.ofSeconds(timeout));
            say("no node has Carpel any more");
        }
    }

    /// `carpel node test-pod`.
    @Command(
            name = "test-pod",
            description =
                    "Find out from the API server whether Carpel made the pod that this runs in, as"
                            + " the test of the Helm chart does.")
    static final class TestPod extends Verb {
        @Option(
                names = "--pod",
                required = true,
                paramLabel = "<name>",
                description = "The pod that this runs in.")
        private String pod = "";

        @Option(
                names = "--runtime-class",
                required = true,
                paramLabel = "<name>",
                description = "The RuntimeClass that it has to have.")
        private String runtimeClass = "";

        @Override
        void work(KubernetesClient client) {
            String id =
                    new OwnPod(client, new Polling(INTERVAL))
                            .check(namespace, pod, runtimeClass, Duration.ofSeconds(60));
            say("pod %s of class %s is %s".formatted(pod, runtimeClass, id));
        }
    }
}
