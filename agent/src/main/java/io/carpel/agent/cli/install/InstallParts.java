package io.carpel.agent.cli.install;

import io.carpel.agent.cli.node.JournalFile;
import io.carpel.agent.cli.node.Patience;
import java.nio.file.Path;
import java.util.function.Supplier;

/// What an installation works with.
///
/// @param root the host's root directory
/// @param agent the agent on the socket that the host's configuration names at this moment
public record InstallParts(
        Path root,
        HostService service,
        Supplier<NewAgent> agent,
        JournalFile<InstallJournal> journal,
        NodeReport report,
        Patience patience) {
    /// Where the journal lies, as the host names it.
    public static final Path JOURNAL = Path.of("/var/lib/carpel/node/install.json");

    /// Removes the directory of the journals with their lock, when there is no journal in it.
    public void tidy() {
        new HostState(root).tidy();
    }

    public static JournalFile<InstallJournal> journalBelow(Path root) {
        return new JournalFile<>(
                HostChange.below(root, JOURNAL.toString()),
                InstallJournal.class,
                InstallJournal::version,
                InstallJournal.VERSION);
    }
}
