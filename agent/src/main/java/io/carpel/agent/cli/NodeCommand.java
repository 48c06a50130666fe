package io.carpel.agent.cli;

import io.carpel.agent.cli.node.ClusterClient;
import io.carpel.agent.cli.node.KubeletFiles;
import io.carpel.agent.cli.node.NodeApi;
import io.carpel.agent.cli.node.NodeException;
import io.carpel.agent.cli.node.NodeSwitch.Outcome;
import io.carpel.agent.cli.node.SwitchJournal;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.Closeable;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `carpel node`: the agent of this node, and which runtime its kubelet uses.
@Command(
        name = "node",
        description =
                "Install Carpel on this node, and move the node's kubelet to it and back with its pods"
                        + " out of harm's way.")
final class NodeCommand implements Runnable {
    @Spec private CommandSpec spec = CommandSpec.create();

    static CommandLine create() {
        return new CommandLine(new NodeCommand())
                .addSubcommand(new NodeInstallCommand())
                .addSubcommand(new NodeUninstallCommand())
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
                spec.commandLine(),
                "install, uninstall, switch, rollback, verify or status is missing");
    }

    /// What the verbs that change something have in common.
    abstract static sealed class Verb implements Callable<Integer>
            permits Switch, Rollback, Verify, ShowStatus, NodeInstallCommand, NodeUninstallCommand {
        @Spec CommandSpec spec = CommandSpec.create();
        @Mixin NodePlace place = new NodePlace();

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
            List<KubeletFiles.Change> changes = place.files().plan(endpoint);
            changes.forEach(change -> out().println("ok      kubelet: told by " + change.path()));
            if (changes.isEmpty()) {
                out().println("ok      kubelet: is told so already");
            }
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
