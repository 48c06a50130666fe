package io.carpel.agent.cli.node;

import io.carpel.agent.cli.node.NodeApi.View;
import io.carpel.agent.cli.node.SwitchJournal.Phase;
import java.util.List;
import java.util.Optional;

/// The steps from one runtime to another, and back.
///
/// Each step is done, then written down; after a crash the step after the last one written is done
/// again, which is why all of them can be done twice. A step that fails turns the direction: the
/// reason is written down, and from then on everything is undone, after a crash too.
public final class NodeSwitch {
    /// What a kubelet takes that is told no endpoint.
    static final String KUBELETS_DEFAULT = "unix:///run/containerd/containerd.sock";

    private final NodeParts parts;
    private final NodeDrain drain;
    private final Limits limits;
    private final String self;

    /// @param self the uid of the pod that this runs in; empty outside of pods. It is not stopped
    ///   together with the others of the old runtime, since it has to see the switch through.
    public NodeSwitch(NodeParts parts, Limits limits, String self) {
        this.parts = parts;
        this.drain = new NodeDrain(parts);
        this.limits = limits;
        this.self = self;
    }

    /// How a switch ended.
    ///
    /// @param failure why it was undone; empty when it was not
    public record Outcome(SwitchJournal journal, String failure) {
        public boolean done() {
            return failure.isEmpty();
        }
    }

    /// The switch that is under way or done.
    public Optional<SwitchJournal> journal() {
        return parts.journal().read();
    }

    /// Switches, or goes on with a switch that was interrupted.
    ///
    /// @throws NodeException when nothing has been begun, or when what was begun could not be
    ///   undone either; then the journal is left and the next call goes on undoing
    public Outcome run(String endpoint) {
        SwitchJournal journal = journal().orElseGet(() -> plan(endpoint));
        if (!journal.endpoint().equals(endpoint)) {
            throw new NodeException(
                    "a switch to %s is %s: finish it with that endpoint, or undo it with `carpel node"
                                    .formatted(
                                            journal.endpoint(),
                                            journal.phase() == Phase.DONE
                                                    ? "done"
                                                    : "under way (" + journal.phase() + ")")
                            + " rollback`");
        }
        if (journal.phase() == Phase.UNDOING) {
            return undo(journal);
        }
        try {
            return new Outcome(forward(journal), "");
        } catch (NodeException e) {
            SwitchJournal last = journal().orElse(journal);
            return undo(last.undoing(String.valueOf(e.getMessage())));
        }
    }

    /// Puts everything back as it was before the last switch.
    ///
    /// @throws NodeException when there was none, or it cannot be undone
    public Outcome rollback() {
        SwitchJournal journal =
                journal()
                        .orElseThrow(() ->
                                new NodeException(
                                        "nothing to roll back: this node was not switched"));
        return undo(
                journal.phase() == Phase.UNDOING ? journal : journal.undoing("asked for by hand"));
    }

    private SwitchJournal plan(String endpoint) {
        View view = parts.node().view();
        String old = parts.files().endpoint().orElse(KUBELETS_DEFAULT);
        if (old.equals(endpoint)) {
            throw new NodeException("the kubelet uses " + endpoint + " already");
        }
        // A runtime that does not answer is found out before anything is touched.
        String runtime = parts.runtimes().apply(endpoint).readyName();
        List<KubeletFiles.Change> changes = parts.files().plan(endpoint);
        SwitchJournal journal =
                new SwitchJournal(
                        SwitchJournal.VERSION,
                        Phase.PLANNED,
                        endpoint,
                        runtime,
                        old,
                        name(view.runtime()),
                        view.cordoned(),
                        changes,
                        Phase.PLANNED,
                        "");
        parts.journal().write(journal);
        return journal;
    }

    private SwitchJournal forward(SwitchJournal begun) {
        SwitchJournal journal = begun;
        while (journal.phase() != Phase.DONE) {
            journal = journal.at(step(journal));
            parts.journal().write(journal);
        }
        return journal;
    }

    /// Does the step after the journal's phase.
    private Phase step(SwitchJournal journal) {
        return switch (journal.phase()) {
            case PLANNED -> {
                say("cordon");
                parts.node().cordon(true);
                yield Phase.CORDONED;
            }
            case CORDONED -> {
                say("drain");
                drain.run(limits.drain());
                yield Phase.DRAINED;
            }
            case DRAINED -> {
                say("stop the kubelet, and what the old runtime still runs");
                parts.kubelet().stop();
                clear(journal.oldEndpoint(), self);
                yield Phase.STOPPED;
            }
            case STOPPED -> {
                say("name " + journal.endpoint() + " to the kubelet");
                KubeletFiles.apply(journal.changes());
                yield Phase.WRITTEN;
            }
            case WRITTEN -> {
                say("start the kubelet, and wait for Ready under " + journal.runtime());
                start(journal.runtime());
                yield Phase.READY;
            }
            case READY -> {
                if (!journal.wasCordoned()) {
                    say("uncordon");
                    parts.node().cordon(false);
                }
                tell(true, "CarpelSwitched", "uses " + journal.endpoint() + " now");
                yield Phase.DONE;
            }
            case DONE, UNDOING ->
                    throw new IllegalStateException("no step after " + journal.phase());
        };
    }

    private Outcome undo(SwitchJournal journal) {
        parts.journal().write(journal);
        say("undo: " + journal.failure());
        if (journal.reached().maybePast(Phase.DRAINED)) {
            parts.kubelet().stop();
            if (journal.reached().maybePast(Phase.WRITTEN)) {
                clear(journal.endpoint(), self);
            }
            KubeletFiles.undo(journal.changes());
            start(journal.oldRuntime());
        }
        if (!journal.wasCordoned()) {
            parts.node().cordon(false);
        }
        tell(
                false,
                "CarpelRolledBack",
                "uses %s again: %s".formatted(journal.oldEndpoint(), journal.failure()));
        parts.journal().remove();
        return new Outcome(journal, journal.failure());
    }

    /// What the kubelet reported before it was stopped must not count. It reports as it starts, so
    /// it is stopped once more for the case that it was started before a crash.
    private void start(String runtime) {
        parts.kubelet().stop();
        String before = parts.node().view().heartbeat();
        parts.kubelet().start();
        parts.patience()
                .await(
                        "the node to be Ready under " + runtime,
                        limits.ready(),
                        () -> {
                            View view = parts.node().view();
                            return view.ready()
                                    && !view.heartbeat().equals(before)
                                    && name(view.runtime()).equals(runtime);
                        });
    }

    /// A runtime that does not answer runs nothing that could be stopped.
    private void clear(String endpoint, String but) {
        try {
            int stopped = parts.runtimes().apply(endpoint).stopPods(but);
            if (stopped > 0) {
                say("stopped %d pods of %s".formatted(stopped, endpoint));
            }
        } catch (NodeException e) {
            say("cannot stop the pods of %s: %s".formatted(endpoint, e.getMessage()));
        }
    }

    /// Event and condition. That they cannot be written is no reason to turn back.
    private void tell(boolean healthy, String reason, String message) {
        try {
            parts.node().event(reason, message, !healthy);
            parts.node().condition(healthy, reason, message);
        } catch (NodeException e) {
            say("cannot tell the cluster: " + e.getMessage());
        }
    }

    private void say(String what) {
        parts.progress().accept(what);
    }

    static String name(String runtimeVersion) {
        int end = runtimeVersion.indexOf("://");
        return end < 0 ? runtimeVersion : runtimeVersion.substring(0, end);
    }
}
