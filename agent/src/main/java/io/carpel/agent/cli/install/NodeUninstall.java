package io.carpel.agent.cli.install;

import io.carpel.agent.cli.node.JournalFile;
import io.carpel.agent.cli.node.KubeletFiles;
import io.carpel.agent.cli.node.NodeException;
import io.carpel.agent.cli.node.SwitchJournal;
import java.io.IOException;
import java.util.Optional;

/// Takes everything away that an installation and its agent have put on a host. All steps can be
/// done twice, and the labels of the node go last: interrupted, the same call goes on.
public final class NodeUninstall {
    private final InstallParts parts;
    private final KubeletFiles kubelet;
    private final JournalFile<SwitchJournal> switched;

    /// @param switched the journal of `carpel node switch`
    public NodeUninstall(
            InstallParts parts, KubeletFiles kubelet, JournalFile<SwitchJournal> switched) {
        this.parts = parts;
        this.kubelet = kubelet;
        this.switched = switched;
    }

    /// @param endpoint where the agent listens, in the kubelet's form
    /// @param force although the kubelet uses the agent, or pods are there; those are removed
    /// @return whether there was anything to take away
    /// @throws NodeException when it is refused, or a step failed; the next call goes on
    public boolean run(String endpoint, boolean force) {
        HostState state = new HostState(parts.root());
        Releases releases = new Releases(parts.root());
        if (!state.isInstalled() && releases.current().isEmpty() && !state.exists()) {
            parts.report().forget();
            state.removeJournals();
            return false;
        }
        if (!force) {
            refuseWhenUsed(endpoint);
        }
        parts.report().say("removing the pods");
        removePods();
        parts.report().say("stopping the agent");
        parts.service().stop();
        parts.report().say("removing unit, configuration and releases");
        HostChange.remove(parts.root(), HostPlan.WANTED);
        HostChange.remove(parts.root(), HostPlan.UNIT);
        if (parts.service().readsUnits()) {
            parts.service().reload();
        }
        try {
            TreeFiles.delete(HostChange.below(parts.root(), "/etc/carpel"));
        } catch (IOException e) {
            throw new NodeException("cannot remove /etc/carpel: " + e, e);
        }
        releases.use("");
        releases.sweep();
        parts.report().say("removing the agent's state");
        state.remove();
        state.removeJournals();
        parts.report().event("CarpelUninstalled", "the agent and its state are gone", false);
        parts.report().forget();
        return true;
    }

    private void refuseWhenUsed(String endpoint) {
        if (switched.read().isPresent()) {
            throw new NodeException(
                    "the kubelet was moved to the agent by `carpel node switch`: undo that first with"
                            + " `carpel node rollback` (or use --force)");
        }
        Optional<String> used = kubelet.endpoint();
        if (used.filter(endpoint::equals).isPresent()) {
            throw new NodeException(
                    "the kubelet uses %s: move it to another runtime first (or use --force)"
                            .formatted(endpoint));
        }
        int pods;
        try {
            pods = parts.agent().get().pods();
        } catch (NodeException _) {
            // One that does not answer cannot tell; its pods, if any, are found below.
            return;
        }
        if (pods > 0) {
            throw new NodeException(
                    "the agent has %d pods: remove them first with `carpel rm --all` (or use --force)"
                            .formatted(pods));
        }
    }

    private void removePods() {
        try {
            parts.agent().get().removePods();
        } catch (NodeException e) {
            parts.report().say("cannot ask the agent to remove its pods: " + e.getMessage());
        }
    }
}
