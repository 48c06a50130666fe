package io.carpel.agent.cli.install;

import java.util.List;

/// How far an installation has come, as it lies on the host's disk.
///
/// @param version of this form
/// @param build of the release that is being installed
/// @param previous what the link pointed to before; empty when there was none
/// @param hadState whether an agent had left state on the host before
/// @param changes the host's files, before and after
/// @param config the text of the configuration as it was last written by us; empty when it was not.
///   A file that differs has been changed by somebody else.
/// @param settled the state to which an undone installation returns
/// @param reached how far it had come when it was turned back; while it was not, the same as the
///   phase
/// @param failure why it is being undone; empty while it is not
public record InstallJournal(
        int version,
        Phase phase,
        String build,
        String previous,
        boolean hadState,
        List<HostChange> changes,
        String config,
        Settled settled,
        Phase reached,
        String failure) {
    static final int VERSION = 1;

    /// What has been done for certain. The step after it may have been begun.
    public enum Phase {
        /// Nothing of the host has been touched.
        PLANNED,
        /// The release lies beside the one in use.
        UNPACKED,
        /// The link points to it, and the host's files are written.
        WRITTEN,
        /// The agent of this release answers.
        STARTED,
        /// A pod has run.
        VERIFIED,
        /// Nothing is left of what was before.
        DONE,
        /// On the way back: nothing of that is done for certain.
        UNDOING;

        boolean maybePast(Phase other) {
            return compareTo(other) >= 0;
        }
    }

    /// The last installation that came to its end.
    ///
    /// @param build empty when there was none
    /// @param config see [InstallJournal#config]
    public record Settled(String build, String config) {
        static final Settled NONE = new Settled("", "");
    }

    public InstallJournal {
        changes = List.copyOf(changes);
    }

    InstallJournal at(Phase next) {
        return new InstallJournal(
                version, next, build, previous, hadState, changes, config, settled, next, failure);
    }

    InstallJournal undoing(String because) {
        return new InstallJournal(
                version,
                Phase.UNDOING,
                build,
                previous,
                hadState,
                changes,
                config,
                settled,
                reached,
                because);
    }

    /// What there is when this has come to its end.
    Settled result() {
        return new Settled(build, config);
    }

    /// The journal of an installation that was there already.
    static InstallJournal of(Settled settled) {
        return new InstallJournal(
                VERSION,
                Phase.DONE,
                settled.build(),
                Releases.targetOf(settled.build()),
                true,
                List.of(),
                settled.config(),
                settled,
                Phase.DONE,
                "");
    }
}
