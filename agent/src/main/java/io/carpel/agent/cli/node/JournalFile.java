package io.carpel.agent.cli.node;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/// Keeps the [SwitchJournal] on disk, synced: it has to be there after a power cut. Not safe for
/// use by several threads or processes; the command holds a lock on it.
public final class JournalFile {
    private final Path file;

    public JournalFile(Path file) {
        this.file = file;
    }

    /// Keeps other commands away until it is closed; the kernel does it when we die.
    ///
    /// @throws NodeException when another one is at work
    public Closeable lock() {
        try {
            Files.createDirectories(directory());
            FileChannel channel =
                    FileChannel.open(
                            directory().resolve("lock"),
                            StandardOpenOption.CREATE,
                            StandardOpenOption.WRITE);
            if (channel.tryLock() == null) {
                channel.close();
                throw new NodeException("another `carpel node` is at work on this node");
            }
            return channel;
        } catch (IOException e) {
            throw new NodeException("cannot lock " + directory() + ": " + e.getMessage(), e);
        }
    }

    private Path directory() {
        return Objects.requireNonNull(file.toAbsolutePath().getParent());
    }

    /// The journal of a switch that has been begun and not undone.
    public Optional<SwitchJournal> read() {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            SwitchJournal journal =
                    JsonMapper.shared().readValue(Files.readString(file), SwitchJournal.class);
            if (journal.version() != SwitchJournal.VERSION) {
                throw new NodeException(
                        "%s is of version %d, this command knows %d: use the one that wrote it"
                                .formatted(file, journal.version(), SwitchJournal.VERSION));
            }
            return Optional.of(journal);
        } catch (IOException | JacksonException e) {
            throw new NodeException("cannot read the journal " + file + ": " + e.getMessage(), e);
        }
    }

    public void write(SwitchJournal journal) {
        try {
            Files.createDirectories(directory());
        } catch (IOException e) {
            throw new NodeException(
                    "cannot make the directory of " + file + ": " + e.getMessage(), e);
        }
        DurableFile.write(
                file,
                JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(journal)
                        + "\n");
    }

    public void remove() {
        try {
            if (Files.deleteIfExists(file)) {
                DurableFile.syncDirectory(file);
            }
        } catch (IOException e) {
            throw new NodeException("cannot remove " + file + ": " + e.getMessage(), e);
        }
    }
}
