package io.carpel.agent.cli.node;

import java.util.List;

/// How far a switch has come, as it lies on the node's disk.
///
/// @param version of this form
/// @param endpoint the runtime that the kubelet shall use
/// @param runtime its name, as in a node's runtime version before `://`
/// @param oldEndpoint the runtime it used before
/// @param oldRuntime that one's name
/// @param wasCordoned whether the node took no pods already before
/// @param changes the files of the kubelet, before and after
/// @param reached how far it had come when it was turned back; while it was not, the same as the
///   phase
/// @param failure why it is being undone; empty while it is not
public record SwitchJournal(
        int version,
        Phase phase,
        String endpoint,
        String runtime,
        String oldEndpoint,
        String oldRuntime,
        boolean wasCordoned,
        List<KubeletFiles.Change> changes,
        Phase reached,
        String failure) {
    static final int VERSION = 1;

    /// What has been done for certain. The step after it may have been begun.
    public enum Phase {
        /// Nothing of the node has been touched.
        PLANNED,
        /// Cordoned.
        CORDONED,
        /// No pods left that could go elsewhere.
        DRAINED,
        /// The kubelet is stopped, and so are the old runtime's pods.
        STOPPED,
        /// The kubelet's files name the new runtime.
        WRITTEN,
        /// The kubelet has been started, and the node is Ready under the new runtime.
        READY,
        /// All done; the journal is kept so that it can be undone later.
        DONE,
        /// On the way back: nothing of that is done for certain.
        UNDOING;

        /// Whether the step after `other` may have been begun.
        boolean maybePast(Phase other) {
            return compareTo(other) >= 0;
        }
    }

    public SwitchJournal {
        changes = List.copyOf(changes);
    }

    SwitchJournal at(Phase next) {
        return new SwitchJournal(
                version,
                next,
                endpoint,
                runtime,
                oldEndpoint,
                oldRuntime,
                wasCordoned,
                changes,
                next,
                failure);
    }

    SwitchJournal undoing(String because) {
        return new SwitchJournal(
                version,
                Phase.UNDOING,
                endpoint,
                runtime,
                oldEndpoint,
                oldRuntime,
                wasCordoned,
                changes,
                reached,
                because);
    }
}
