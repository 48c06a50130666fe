package io.carpel.runtime.image.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.image.content.Digest;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class LayerRecordTest {
    private static final Digest KEY = Digest.parse("sha256:" + "a".repeat(64));
    private static final String DIFF_ID = "sha256:" + "b".repeat(64);
    private final List<String> odd = new ArrayList<>();

    private LayerRecord read(String text) {
        byte[] raw = text.getBytes(StandardCharsets.UTF_8);
        return LayerRecord.read(new ByteArrayInputStream(raw), KEY, odd::add);
    }

    private static String record(int version, String more) {
        return """
        {"version": %d, "diffId": "%s", "bytes": 5, "inodes": 6, "implicit": ["a/b"],
         "exact": true, "archiveBytes": 7%s}
        """
                .formatted(version, DIFF_ID, more);
    }

    @Test
    void readsItsOwnFormAndOlderOnes() {
        assertThat(read(record(2, ", \"lacking\": true")))
                .isEqualTo(new LayerRecord(2, DIFF_ID, 5, 6, List.of("a/b"), true, true, 7));
        assertThat(read(record(1, "")))
                .isEqualTo(new LayerRecord(1, DIFF_ID, 5, 6, List.of("a/b"), true, false, 7));
        assertThat(odd).isEmpty();
    }

    @Test
    void aNewerFormIsKeptAndSaid() {
        LayerRecord record = read(record(3, ", \"lacking\": 7, \"more\": {}"));
        assertThat(record.diffId()).isEqualTo(KEY.toString());
        assertThat(record.bytes()).isEqualTo(5);
        assertThat(record.exact()).isFalse();
        assertThat(odd).singleElement().asString().contains("version 3").contains("up to 2");
    }

    /// An earlier build wrote down every one of them.
    @Test
    void takesNoMoreDirectoriesThanThisBuildKeeps() {
        String path = "d".repeat(1000);
        String many = "\"%s\",".formatted(path).repeat(5000);
        LayerRecord record = read(record(2, "").replace("\"a/b\"", many + "\"a/b\""));
        assertThat(record.implicit())
                .hasSize(LayerRecord.IMPLICIT_LIMIT / path.length())
                .containsOnly(path);
        assertThat(record.lacking()).isTrue();
        assertThat(record.archiveBytes()).isEqualTo(7);
        assertThat(odd).isEmpty();
    }

    @Test
    void whatCannotBeReadIsKeptAndSaid() {
        for (String text :
                List.of("", "{\"version\": 2, ", "[]", "{}", "{\"version\": 2}", "\"x\"", "null")) {
            odd.clear();
            assertThat(read(text).diffId()).isEqualTo(KEY.toString());
            assertThat(odd).as(text).hasSize(1);
        }
    }
}
