package io.carpel.agent.cli.node;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Optional;
import java.util.function.ToIntFunction;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/// Keeps a journal, such as the [SwitchJournal], on disk, synced: it has to be there after a power
/// cut. Not safe for use by several threads or processes; the command holds a lock on it.
///
/// @param <J> a record that Jackson writes and reads
public final class JournalFile<J> {
    private final Path file;
    private final Class<J> type;
    private final ToIntFunction<J> version;
    private final int known;

    /// @param version reads the version of a journal's form
    /// @param known the version that this command writes
    public JournalFile(Path file, Class<J> type, ToIntFunction<J> version, int known) {
        this.file = file;
        this.type = type;
        this.version = version;
        this.known = known;
    }

    /// For a switch.
    public static JournalFile<SwitchJournal> ofSwitch(Path file) {
        return new JournalFile<>(
                file, SwitchJournal.class, SwitchJournal::version, SwitchJournal.VERSION);
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

    /// The journal of what has been begun and not undone.
    public Optional<J> read() {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            J journal = JsonMapper.shared().readValue(Files.readString(file), type);
            int found = version.applyAsInt(journal);
            if (found != known) {
                throw new NodeException(
                        "%s is of version %d, this command knows %d: use the one that wrote it"
                                .formatted(file, found, known));
            }
            return Optional.of(journal);
        } catch (IOException | JacksonException e) {
            throw new NodeException("cannot read the journal " + file + ": " + e.getMessage(), e);
        }
    }

    public void write(J journal) {
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
