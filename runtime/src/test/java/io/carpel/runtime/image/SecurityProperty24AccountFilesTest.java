package io.carpel.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.image.snapshot.MergedView;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.FileCalls;
import io.carpel.runtime.linux.LinuxFileCalls;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The account files of an image are those in its layers, wherever its links lead: users of the
/// host are none of an image's.
@Timeout(60)
final class SecurityProperty24AccountFilesTest {
    private static final FileCalls FILES = new LinuxFileCalls();
    private static final String HOSTS = "host:x:4711:4711::/:/bin/sh\n";
    private static final int READS = 20_000;

    @TempDir Path directory;
    private Path layer;
    private Path host;

    @BeforeEach
    void make() throws IOException {
        layer = Files.createDirectory(directory.resolve("layer"));
        host = Files.createDirectory(directory.resolve("host"));
        Files.writeString(host.resolve("passwd"), HOSTS);
    }

    private Optional<String> passwd() throws IOException {
        return new MergedView(FILES, List.of(layer))
                .read("etc/passwd", 4096)
                .map(bytes -> new String(bytes, StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @ValueSource(strings = {"%s", "../../../../../../../../../..%s", "/../..%s"})
    void aLinkInPlaceOfTheFileOrItsDirectoryLeadsNowhere(String form) throws IOException {
        Path etc = Files.createDirectory(layer.resolve("etc"));
        Files.createSymbolicLink(etc.resolve("passwd"), to(form, host.resolve("passwd")));
        assertThat(passwd()).isEmpty();
        Files.delete(etc.resolve("passwd"));
        Files.delete(etc);
        Files.createSymbolicLink(etc, to(form, host));
        assertThat(passwd()).isEmpty();
    }

    private static Path to(String form, Path place) {
        return Path.of(form.formatted(place));
    }

    /// Who can write to the layers owns the host; that much is asked for all the same.
    @Test
    void aDirectoryThatIsExchangedForALinkMeanwhileLeadsNowhere() throws Exception {
        Files.writeString(Files.createDirectory(layer.resolve("etc")).resolve("passwd"), "image\n");
        Files.createSymbolicLink(layer.resolve("link"), host);
        AtomicBoolean over = new AtomicBoolean();
        Thread swapper = Thread.ofPlatform().start(() -> swap(over));
        try {
            for (int read = 0; read < READS; read++) {
                assertThat(passwdOrLost()).isNotEqualTo(Optional.of(HOSTS));
            }
        } finally {
            over.set(true);
            swapper.join();
        }
    }

    private Optional<String> passwdOrLost() {
        try {
            return passwd();
        } catch (IOException _) {
            return Optional.empty(); // losing the race is an error of the read, not a hole
        }
    }

    private void swap(AtomicBoolean over) {
        try (Fd inside = FILES.open(layer.toString(), FileCalls.O_PATH, 0)) {
            while (!over.get()) {
                FILES.renameat2(inside, "etc", inside, "link", FileCalls.RENAME_EXCHANGE);
            }
        } catch (ErrnoException e) {
            throw new AssertionError(e);
        }
    }
}
