package io.carpel.agent.cli.install;

import io.carpel.agent.cli.install.InstallJournal.Phase;
import io.carpel.agent.cli.install.InstallJournal.Settled;
import io.carpel.agent.cli.node.DurableFile;
import io.carpel.agent.cli.node.NodeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;

/// The steps of an installation, and the way back.
///
/// Each step is done, then written down; after a crash the step after the last one written is done
/// again, which is why all of them can be done twice. A step that fails turns the direction: the
/// reason is written down, and from then on everything is undone, after a crash too. Pods live on
/// through all of it: their shims do not need the agent.
public final class NodeInstall {
    private final InstallParts parts;
    private final Distribution distribution;
    private final Duration patience;
    private final Releases releases;

    /// @param patience how long the agent may take to answer
    public NodeInstall(InstallParts parts, Distribution distribution, Duration patience) {
        this.parts = parts;
        this.distribution = distribution;
        this.patience = patience;
        this.releases = new Releases(parts.root());
    }

    /// How it ended.
    ///
    /// @param changed whether anything had to be done
    /// @param failure why it was undone; empty when it was not
    public record Outcome(boolean changed, String failure) {
        public boolean done() {
            return failure.isEmpty();
        }
    }

    /// Installs, or goes on with what was interrupted; does nothing when all is as it should be.
    ///
    /// @param config the text of the agent's configuration; empty: the one that is there, or the
    ///   distribution's
    /// @throws NodeException when nothing has been begun, or when what was begun could not be
    ///   undone either; then the journal is left and the next call goes on undoing
    public Outcome run(Optional<String> config) {
        Optional<InstallJournal> found = parts.journal().read();
        Optional<InstallJournal> open = found.filter(journal -> journal.phase() != Phase.DONE);
        if (open.isPresent()) {
            InstallJournal journal = open.get();
            boolean undoing = journal.phase() == Phase.UNDOING;
            if (journal.build().equals(distribution.build())) {
                return undoing ? undo(journal) : through(journal);
            }
            undo(undoing ? journal : journal.undoing("another release is to be installed"));
        }
        Settled settled = parts.journal().read().map(InstallJournal::result).orElse(Settled.NONE);
        return plan(config, settled).map(this::through).orElse(new Outcome(false, ""));
    }

    private Optional<InstallJournal> plan(Optional<String> config, Settled settled) {
        parts.service().require();
        String previous = releases.current();
        HostPlan.Result plan =
                new HostPlan(parts.root(), distribution)
                        .make(config, settled, parts.service().readsUnits());
        boolean same =
                previous.equals(Releases.targetOf(distribution.build()))
                        && settled.build().equals(distribution.build())
                        && releases.has(distribution.build());
        if (same && plan.changes().isEmpty()) {
            return Optional.empty();
        }
        plan.notes().forEach(note -> parts.report().event("CarpelConfiguration", note, true));
        InstallJournal journal =
                new InstallJournal(
                        InstallJournal.VERSION,
                        Phase.PLANNED,
                        distribution.build(),
                        previous,
                        new HostState(parts.root()).exists(),
                        plan.changes(),
                        plan.config(),
                        settled,
                        Phase.PLANNED,
                        "");
        parts.report().installing(distribution.version());
        parts.journal().write(journal);
        return Optional.of(journal);
    }

    private Outcome through(InstallJournal begun) {
        InstallJournal journal = begun;
        try {
            while (journal.phase() != Phase.DONE) {
                journal = journal.at(step(journal));
                parts.journal().write(journal);
            }
            return new Outcome(true, "");
        } catch (NodeException e) {
            return undo(journal.undoing(String.valueOf(e.getMessage())));
        }
    }

    /// Does the step after the journal's phase.
    private Phase step(InstallJournal journal) {
        return switch (journal.phase()) {
            case PLANNED -> {
                parts.report().step("unpacking release " + journal.build());
                releases.unpack(distribution);
                yield Phase.UNPACKED;
            }
            case UNPACKED -> {
                parts.report().step("writing configuration and unit");
                write(journal);
                yield Phase.WRITTEN;
            }
            case WRITTEN -> {
                parts.report().step("starting the agent");
                start();
                yield Phase.STARTED;
            }
            case STARTED -> {
                parts.report().step("running a pod to try it");
                parts.agent().get().tryPod();
                yield Phase.VERIFIED;
            }
            case VERIFIED -> {
                releases.sweep();
                parts.report()
                        .event("CarpelInstalled", "release " + journal.build() + " runs", false);
                yield Phase.DONE;
            }
            case DONE, UNDOING ->
                    throw new IllegalStateException("no step after " + journal.phase());
        };
    }

    private void write(InstallJournal journal) {
        makePrivate(HostChange.below(parts.root(), "/var/lib/carpel"));
        journal.changes().forEach(change -> change.apply(parts.root()));
        releases.use(Releases.targetOf(journal.build()));
        if (parts.service().readsUnits()) {
            enable();
        }
    }

    private void start() {
        parts.service().restart();
        if (!parts.service().readsUnits()) {
            parts.report().say("waiting for the agent to answer");
        }
        awaitAnswer();
    }

    /// The release from before may not have answered then either: that is no reason to fail.
    private void awaitOld() {
        try {
            awaitAnswer();
        } catch (NodeException e) {
            parts.report().say("the release from before: " + e.getMessage());
        }
    }

    private void awaitAnswer() {
        parts.patience()
                .await(
                        "the agent to answer",
                        patience,
                        () -> {
                            parts.agent().get().ready();
                            return true;
                        });
    }

    private Outcome undo(InstallJournal journal) {
        parts.journal().write(journal);
        parts.report().say("undo: " + journal.failure());
        if (journal.reached().maybePast(Phase.UNPACKED)) {
            for (HostChange change : journal.changes().reversed()) {
                if (!change.undo(parts.root())) {
                    parts.report()
                            .event(
                                    "CarpelConfiguration",
                                    change.path() + " was changed meanwhile and stays so",
                                    true);
                }
            }
            releases.use(journal.previous());
            if (journal.previous().isEmpty()) {
                stopForGood(journal);
            } else {
                parts.service().restart();
                awaitOld();
            }
        }
        releases.sweep();
        parts.report().event("CarpelInstallFailed", "undone: " + journal.failure(), true);
        if (journal.settled().build().isEmpty()) {
            parts.report().notInstalled();
            parts.journal().remove();
        } else {
            parts.journal().write(InstallJournal.of(journal.settled()));
        }
        return new Outcome(true, journal.failure());
    }

    private void stopForGood(InstallJournal journal) {
        parts.service().stop();
        if (!journal.hadState() && !answers()) {
            new HostState(parts.root()).remove();
        }
        HostChange.remove(parts.root(), HostPlan.WANTED);
        if (parts.service().readsUnits()) {
            parts.service().reload();
        }
        HostState.removeIfEmpty(HostChange.below(parts.root(), "/etc/carpel"));
    }

    /// One that somebody else starts goes on until that one stops it.
    private boolean answers() {
        try {
            parts.agent().get().pods();
            return true;
        } catch (NodeException _) {
            return false;
        }
    }

    private void enable() {
        Path link = HostChange.below(parts.root(), HostPlan.WANTED);
        try {
            if (!Files.exists(link, LinkOption.NOFOLLOW_LINKS)) {
                Files.createDirectories(link.getParent());
                Files.createSymbolicLink(link, Path.of(HostPlan.UNIT));
                DurableFile.syncDirectory(link);
            }
        } catch (IOException e) {
            throw new NodeException("cannot enable the unit by %s: %s".formatted(link, e), e);
        }
    }

    /// State is root's alone; the agent would make it so, but not before its first run.
    private static void makePrivate(Path directory) {
        try {
            Files.createDirectories(directory);
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
        } catch (IOException e) {
            throw new NodeException("cannot make %s: %s".formatted(directory, e), e);
        }
    }
}
