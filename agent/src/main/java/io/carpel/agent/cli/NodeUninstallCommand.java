package io.carpel.agent.cli;

import io.carpel.agent.cli.install.InstallParts;
import io.carpel.agent.cli.install.NodeUninstall;
import io.carpel.agent.cli.node.NodeException;
import io.carpel.agent.cli.node.NodeSwitch.Outcome;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.Closeable;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `carpel node uninstall`.
@Command(
        name = "uninstall",
        description = {
            "Take the agent away from the node.",
            "With it go its service, distribution, configuration, images and all its state, and the node's"
                    + " labels and condition. Refused while the kubelet uses the agent or pods are there.",
            "Interrupted at any point, the same command goes on; where nothing is left to take away it does"
                    + " nothing. In a pod of the agent's own, whose kubelet uses another runtime since, it ends"
                    + " without having removed anything: the kubelet starts the pod again, there."
        },
        exitCodeListHeading = "Exit status:%n",
        exitCodeList = {
            "0:Nothing of the agent is left.",
            "1:Something is; standard error says why.",
            "2:Wrong usage."
        })
final class NodeUninstallCommand extends NodeCommand.Verb {
    @Mixin private InstallPlace target = new InstallPlace();

    @Option(
            names = "--force",
            description =
                    "Also while the kubelet uses the agent, and with pods, which are removed with it.")
    private boolean force;

    @Option(
            names = "--rollback",
            description = "Undo the last `carpel node switch` first, when there was one.")
    private boolean rollback;

    @Override
    int work(KubernetesClient client) throws IOException {
        InstallParts parts = target.parts(place, client, err());
        String endpoint = "unix://" + InstallPlace.listen(place.root);
        boolean found;
        try (Closeable _ = place.journal().lock()) {
            if (rollback && place.journal().read().isPresent()) {
                Outcome outcome = place.nodeSwitch(client, err()).rollback();
                if (!outcome.journal().endpoint().equals(endpoint)) {
                    throw new NodeException(
                            "the last switch was to " + outcome.journal().endpoint());
                }
            }
            if (othersGoOn(parts, endpoint)) {
                out().println(
                                "node %s: this pod is the last of carpel's; the one that its kubelet starts"
                                                .formatted(place.nodeName())
                                        + " in its place goes on");
                return 0;
            }
            found = new NodeUninstall(parts, place.files(), place.journal()).run(endpoint, force);
        } finally {
            parts.tidy();
        }
        out().println(
                        "node %s has %s"
                                .formatted(
                                        place.nodeName(),
                                        found ? "nothing of carpel any more" : "no carpel"));
        return 0;
    }

    /// Nobody can saw off the branch that he sits on: a pod of the agent's would leave its own
    /// mounts and records behind. Once the kubelet uses another runtime, it starts this pod there.
    private boolean othersGoOn(InstallParts parts, String endpoint) {
        try {
            return place.files().endpoint().filter(endpoint::equals).isEmpty()
                    && parts.agent().get().runsUs();
        } catch (NodeException _) {
            // One that does not answer runs nobody whom it could take along.
            return false;
        }
    }
}
