package io.carpel.runtime.image.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.image.TestTar;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.FileCalls;
import io.carpel.runtime.linux.LinuxFileCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Archives of few bytes whose names and headers would take many times as much in memory.
final class SecurityProperty17LayersInASmallHeapIT {
    private static final FileCalls FILES = new LinuxFileCalls();

    @TempDir Path directory;

    private LayerUnpacker.Result unpack(TestTar tar) throws IOException {
        Path layer = Files.createDirectory(directory.resolve("layer"));
        byte[] archive = tar.bytes();
        try (Fd root = FILES.open(layer.toString(), FileCalls.O_RDONLY, 0)) {
            return LayerUnpacker.unpack(
                    FILES,
                    LayerLimits.defaults(),
                    new ByteArrayInputStream(archive),
                    () -> archive.length,
                    root,
                    Optional.empty(),
                    directory.resolve("index"));
        }
    }

    @Test
    void directoriesWithoutAnEntryAreNotAllKeptInMind() throws IOException {
        TestTar tar = new TestTar();
        int files = 40;
        for (int i = 0; i < files; i++) {
            tar.file("top" + i + "/d".repeat(200) + "/file", 0644, "");
        }
        LayerUnpacker.Result result = unpack(tar);
        assertThat(result.implicit().stream().mapToInt(String::length).sum())
                .isPositive()
                .isLessThanOrEqualTo(128 * 1024);
        assertThat(result.lacking()).isTrue(); // so that it is made again on what is below
        assertThat(result.inodes()).isEqualTo(1 + files * (1 + 200 + 1));
    }

    @Test
    void fewDirectoriesWithoutAnEntryAreRemembered() throws IOException {
        LayerUnpacker.Result result = unpack(new TestTar().file("a/b/file", 0644, ""));
        assertThat(result.implicit()).containsExactly("a", "a/b");
        assertThat(result.lacking()).isFalse();
    }

    @Test
    void aPathOfThousandsOfParts() {
        TestTar tar = new TestTar().file("d/".repeat(1900) + "file", 0644, "");
        assertThatThrownBy(() -> unpack(tar))
                .isInstanceOf(LayerRefusedException.class)
                .hasMessageContaining("more than 255 parts");
    }

    @Test
    void anExtendedHeaderOfAHundredThousandRecords() {
        Map<String, String> records = new LinkedHashMap<>();
        for (int i = 0; i < 100_000; i++) {
            records.put("k" + i, "");
        }
        byte[] nothing = "".getBytes(StandardCharsets.UTF_8);
        TestTar tar = new TestTar().file("file", 0644, 0, 0, nothing, records);
        assertThatThrownBy(() -> unpack(tar))
                .isInstanceOf(LayerRefusedException.class)
                .hasMessageContaining("headers of one file");
    }
}
