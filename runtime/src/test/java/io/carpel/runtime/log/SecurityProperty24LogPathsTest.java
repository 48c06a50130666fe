package io.carpel.runtime.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.InvalidArgumentException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A log path that a request names leads nowhere but below the pod's own directory.
final class SecurityProperty24LogPathsTest {
    @TempDir Path directory;
    private Path logs;
    private Path host;

    @BeforeEach
    void make() throws IOException {
        logs = Files.createDirectory(directory.resolve("logs"));
        host = Files.createDirectory(directory.resolve("host"));
        Files.writeString(host.resolve("file"), "untouched");
    }

    private void refused(Path log) {
        assertThatThrownBy(() -> LogTarget.below(Optional.of(logs), log))
                .isInstanceOf(InvalidArgumentException.class);
        assertThat(host.resolve("file")).hasContent("untouched");
        assertThat(host.resolve("new")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"../host/new", "a/../../host/new", "./new", "", "../logs2/new"})
    void byItsWords(String relative) {
        refused(Path.of(logs + "/" + relative));
    }

    @Test
    void byALinkOnTheWay() throws IOException {
        Files.createSymbolicLink(logs.resolve("link"), host);
        refused(logs.resolve("link/new"));
        refused(logs.resolve("link/file"));
    }

    @Test
    void byALinkAtItsEnd() throws IOException {
        Files.createSymbolicLink(logs.resolve("link"), host.resolve("file"));
        refused(logs.resolve("link"));
    }

    @Test
    void theWayInsideIsMade() throws IOException {
        Path log = logs.resolve("container/0.log");
        assertThat(LogTarget.below(Optional.of(logs), log).path()).isEqualTo(log);
        assertThat(log.getParent()).isDirectory();
    }
}
