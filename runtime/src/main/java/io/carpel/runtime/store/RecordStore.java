package io.carpel.runtime.store;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.cfg.MutableConfigOverride;
import tools.jackson.databind.json.JsonMapper;

/// One JSON record per object, each in the object's own directory as `record.json`: `{"version": 1,
/// "record": {…}}`.
///
/// Thread-safe for different ids; the caller serialises writers of one id. A record of another
/// version, or one that does not parse, is never guessed at: [#loadAll] reports it and leaves it
/// where it is, and [#setAside] moves it out of the way.
public final class RecordStore<R> {
    private static final String FILE = "record.json";

    // Thread-safe and costly to make: it learns the types it meets.
    private static final ObjectMapper MAPPER =
            JsonMapper.builder()
                    .addModule(PathText.module())
                    .withConfigOverride(List.class, RecordStore::emptyWhenMissing)
                    .withConfigOverride(Set.class, RecordStore::emptyWhenMissing)
                    .withConfigOverride(Map.class, RecordStore::emptyWhenMissing)
                    .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
                    .build();

    private final Path directory;
    private final int version;
    private final ObjectWriter writer;
    private final ObjectReader reader;
    private final ObjectReader envelope;

    /// @param directory holds one directory per object
    /// @param version of the record's form; others are not read
    public RecordStore(Path directory, Class<R> type, int version, ObjectMapper mapper) {
        this.directory = directory;
        this.version = version;
        this.writer = mapper.writer();
        this.reader = mapper.readerFor(type);
        this.envelope = mapper.readerFor(JsonNode.class);
    }

    /// An older build knew nothing of it, so there was nothing of it.
    private static void emptyWhenMissing(MutableConfigOverride type) {
        type.setNullHandling(JsonSetter.Value.forValueNulls(Nulls.AS_EMPTY));
    }

    /// How records are written as JSON. What a build wrote, a newer one can read: lists, sets, maps
    /// and optional values that the older one did not know are empty, numbers 0 and flags false.
    /// Anything else that is missing makes the record a broken one.
    public static ObjectMapper mapper() {
        return MAPPER;
    }

    /// Writes the record of an object whose directory exists.
    public void put(String id, R value) throws IOException {
        AtomicFile.write(file(id), encode(value), 0600);
    }

    /// Empty when there is none.
    ///
    /// @throws BrokenRecordException when it cannot be understood
    public Optional<R> get(String id) throws IOException {
        byte[] content;
        try {
            content = Files.readAllBytes(file(id));
        } catch (NoSuchFileException _) {
            return Optional.empty();
        }
        return Optional.of(decode(content));
    }

    /// Deletes the record; the directory stays. Absent is fine.
    public void delete(String id) throws IOException {
        Files.deleteIfExists(file(id));
    }

    /// Reads every record. A missing directory counts as empty.
    public Loaded<R> loadAll() throws IOException {
        Map<String, R> records = new LinkedHashMap<>();
        Map<String, String> broken = new LinkedHashMap<>();
        List<String> without = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (Path entry : entries) {
                String id = entry.getFileName().toString();
                try {
                    get(id).ifPresentOrElse(r -> records.put(id, r), () -> without.add(id));
                } catch (BrokenRecordException e) {
                    broken.put(id, String.valueOf(e.getMessage()));
                }
            }
        } catch (NoSuchFileException | NotDirectoryException _) {
            return new Loaded<>(Map.of(), Map.of(), List.of());
        }
        return new Loaded<>(records, broken, without);
    }

    /// Moves a broken record into `to`, as `ID.json`, so that somebody can look at it.
    public void setAside(String id, Path to) throws IOException {
        Files.createDirectories(to);
        Files.move(file(id), to.resolve(id + ".json"));
    }

    private Path file(String id) {
        return directory.resolve(id).resolve(FILE);
    }

    private byte[] encode(R value) {
        return writer.writeValueAsBytes(new Envelope<>(version, value));
    }

    private R decode(byte[] content) throws BrokenRecordException {
        try {
            JsonNode tree = envelope.readValue(content);
            JsonNode found = tree.path("version");
            if (!found.isInt() || found.intValue() != version) {
                throw new BrokenRecordException(
                        "version is %s, wanted %d".formatted(found, version), null);
            }
            R value = reader.readValue(tree.path("record"));
            if (value == null) {
                throw new BrokenRecordException("record is null", null);
            }
            return value;
        } catch (JacksonException | IllegalArgumentException | NullPointerException e) {
            throw new BrokenRecordException("not a record: " + e.getMessage(), e);
        }
    }

    private record Envelope<R>(int version, R record) {}

    /// @param broken why, by id
    /// @param without ids of directories that hold no record
    public record Loaded<R>(
            Map<String, R> records, Map<String, String> broken, List<String> without) {
        public Loaded {
            records = Map.copyOf(records);
            broken = Map.copyOf(broken);
            without = List.copyOf(without);
        }
    }
}
