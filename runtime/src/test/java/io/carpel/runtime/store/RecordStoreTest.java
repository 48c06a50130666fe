package io.carpel.runtime.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RecordStoreTest {
    record Thing(String name, Instant at, Optional<Path> file, List<String> words) {}

    @TempDir Path directory;
    private RecordStore<Thing> store;

    @BeforeEach
    void open() {
        store = new RecordStore<>(directory, Thing.class, 3, RecordStore.mapper());
    }

    @Test
    void readsBackWhatWasWritten() throws IOException {
        Thing thing =
                new Thing(
                        "a",
                        Instant.parse("2026-11-23T10:00:00.123456789Z"),
                        Optional.of(Path.of("/x/y z")),
                        List.of("ü", "\u0001"));
        put("one", thing);
        assertThat(store.get("one")).contains(thing);
        assertThat(Files.getPosixFilePermissions(directory.resolve("one/record.json")))
                .hasToString("[OWNER_READ, OWNER_WRITE]");
    }

    /// What a path names is not looked at: it may lie with a server that never answers.
    @Test
    void writesPathsAsTheyAre() throws IOException {
        for (String path : List.of(directory.toString(), "/a:b/%20 c", "/ü", "file")) {
            Thing thing = new Thing("a", Instant.EPOCH, Optional.of(Path.of(path)), List.of());
            put("one", thing);
            assertThat(directory.resolve("one/record.json"))
                    .content()
                    .contains("\"file\":\"" + path + "\"");
            assertThat(store.get("one")).contains(thing);
        }
        raw(
                "old",
                "{\"version\":3,\"record\":{\"name\":\"a\",\"at\":0,"
                        + "\"file\":\"file:///a%20b/\",\"words\":[]}}");
        assertThat(store.get("old").orElseThrow().file()).contains(Path.of("/a b"));
    }

    @Test
    void replacesWholeRecordsAndLeavesNothingBeside() throws IOException {
        put("one", thing("first"));
        put("one", thing("second"));
        assertThat(store.get("one").orElseThrow().name()).isEqualTo("second");
        try (var files = Files.list(directory.resolve("one"))) {
            assertThat(files).hasSize(1);
        }
    }

    @Test
    void reportsBrokenAndForeignRecordsWithoutTouchingThem() throws IOException {
        put("good", thing("good"));
        raw("newer", "{\"version\":4,\"record\":{\"name\":\"x\"}}");
        raw("torn", "{\"version\":3,\"record\":{\"na");
        raw("nothing", "");
        raw("list", "[1]");
        raw("null", "{\"version\":3,\"record\":null}");
        Files.createDirectory(directory.resolve("empty"));

        RecordStore.Loaded<Thing> loaded = store.loadAll();

        assertThat(loaded.records()).containsOnlyKeys("good");
        assertThat(loaded.broken()).containsOnlyKeys("newer", "torn", "nothing", "list", "null");
        assertThat(loaded.broken().get("newer")).contains("version is 4, wanted 3");
        assertThat(loaded.without()).containsExactly("empty");
        assertThat(directory.resolve("torn/record.json")).exists();
    }

    @Test
    void setsABrokenRecordAside() throws IOException {
        raw("torn", "{");
        Path aside = directory.resolveSibling(directory.getFileName() + "-aside");
        try {
            store.setAside("torn", aside);
            assertThat(aside.resolve("torn.json")).hasContent("{");
            assertThat(store.loadAll().without()).containsExactly("torn");
        } finally {
            Trees.remove(aside);
        }
    }

    @Test
    void toleratesAbsence() throws IOException {
        assertThat(store.get("none")).isEmpty();
        store.delete("none");
        RecordStore<Thing> nowhere =
                new RecordStore<>(
                        directory.resolve("no/where"), Thing.class, 3, RecordStore.mapper());
        assertThat(nowhere.loadAll().records()).isEmpty();
        assertThatThrownBy(() -> nowhere.put("x", thing("x"))).isInstanceOf(IOException.class);
    }

    private static Thing thing(String name) {
        return new Thing(name, Instant.EPOCH, Optional.empty(), List.of());
    }

    private void put(String id, Thing thing) throws IOException {
        Files.createDirectories(directory.resolve(id));
        store.put(id, thing);
    }

    private void raw(String id, String content) throws IOException {
        Files.createDirectories(directory.resolve(id));
        Files.writeString(directory.resolve(id).resolve("record.json"), content);
    }
}
