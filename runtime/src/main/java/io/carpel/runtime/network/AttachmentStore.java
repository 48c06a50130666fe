package io.carpel.runtime.network;

import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.store.AtomicFile;
import io.carpel.runtime.store.FullDisk;
import io.carpel.runtime.store.RecordStore;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/// What each sandbox was attached with: one JSON file per sandbox, `ID.json`, written beside and
/// renamed. The directory is read once at start; later only single files are touched.
///
/// Nothing is synced to the disk: a killed process loses nothing, and a power cut ends the
/// namespaces too, after which a record is only good for giving addresses back.
public final class AttachmentStore<R> {
    private static final Logger LOG = LoggerFactory.getLogger(AttachmentStore.class);
    private static final String SUFFIX = ".json";
    private static final int VERSION = 1;

    /// A record holds a network configuration and a result, of a few kilobytes each.
    private static final long MAX_SIZE = 8L << 20;

    private final Path directory;
    private final Class<R> type;
    private final ObjectMapper mapper = RecordStore.mapper();

    private AttachmentStore(Path directory, Class<R> type) {
        this.directory = directory;
        this.type = type;
    }

    /// Makes the directory when it is not there.
    public static <R> AttachmentStore<R> open(Path directory, Class<R> type) throws IOException {
        Files.createDirectories(
                directory,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        return new AttachmentStore<>(directory, type);
    }

    public void put(String sandboxId, R attachment) {
        try {
            byte[] content =
                    mapper.writeValueAsBytes(Map.of("version", VERSION, "attachment", attachment));
            AtomicFile.write(file(sandboxId), content, 0600);
        } catch (IOException e) {
            throw FullDisk.failure(
                    "sandbox %s: cannot remember its network: %s"
                            .formatted(sandboxId, e.getMessage()),
                    e);
        }
    }

    /// Empty when there is none, and when it cannot be understood: that one has been set aside.
    ///
    /// @throws KernelFaultException when it is there and cannot be read
    public Optional<R> get(String sandboxId) {
        try {
            return Optional.of(read(file(sandboxId)));
        } catch (NoSuchFileException _) {
            return Optional.empty();
        } catch (Malformed e) {
            setAside(file(sandboxId), e);
            return Optional.empty();
        } catch (IOException e) {
            // It may be read the next time, and says what is to be given back.
            throw new KernelFaultException(
                    "sandbox %s: what is remembered of its network cannot be read: %s"
                            .formatted(sandboxId, e.getMessage()),
                    e);
        }
    }

    public void delete(String sandboxId) {
        try {
            Files.deleteIfExists(file(sandboxId));
        } catch (IOException e) {
            throw new KernelFaultException(
                    "sandbox %s: cannot forget its network: %s"
                            .formatted(sandboxId, e.getMessage()),
                    e);
        }
    }

    /// Every record by sandbox id. A broken one is renamed to `*.broken`, logged and left out; one
    /// that cannot be read is left out, and stays.
    public Map<String, R> loadAll() throws IOException {
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, "*" + SUFFIX)) {
            entries.forEach(files::add);
        }
        Map<String, R> records = new LinkedHashMap<>();
        for (Path file : files) {
            String name = file.getFileName().toString();
            try {
                records.put(name.substring(0, name.length() - SUFFIX.length()), read(file));
            } catch (Malformed e) {
                setAside(file, e);
            } catch (IOException e) {
                LOG.warn("network record {} cannot be read: {}", file, e.getMessage());
            }
        }
        return records;
    }

    /// Of whom there are records, without reading them.
    public Set<String> ids() throws IOException {
        Set<String> ids = new HashSet<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, "*" + SUFFIX)) {
            for (Path entry : entries) {
                String name = entry.getFileName().toString();
                ids.add(name.substring(0, name.length() - SUFFIX.length()));
            }
        }
        return ids;
    }

    private R read(Path file) throws IOException {
        if (Files.size(file) > MAX_SIZE) {
            throw new Malformed("larger than " + MAX_SIZE + " bytes", null);
        }
        byte[] content = Files.readAllBytes(file);
        try {
            JsonNode tree = mapper.readTree(content);
            if (tree.path("version").asInt(0) != VERSION) {
                throw new Malformed("version is " + tree.path("version"), null);
            }
            R attachment = mapper.treeToValue(tree.path("attachment"), type);
            if (attachment == null) {
                throw new Malformed("holds no attachment", null);
            }
            return attachment;
        } catch (JacksonException | IllegalArgumentException | NullPointerException e) {
            throw new Malformed("not a record: " + e.getMessage(), e);
        }
    }

    /// A record was read and is none.
    private static final class Malformed extends IOException {
        private static final long serialVersionUID = 1L;

        Malformed(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    private static void setAside(Path file, IOException why) {
        Path aside = file.resolveSibling(file.getFileName() + ".broken");
        LOG.warn("network record {} set aside as {}: {}", file, aside, why.getMessage());
        try {
            Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            LOG.warn("network record {} cannot be set aside", file, e);
        }
    }

    private Path file(String sandboxId) {
        return directory.resolve(sandboxId + SUFFIX);
    }
}
