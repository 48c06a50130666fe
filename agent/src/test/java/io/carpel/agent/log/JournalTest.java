package io.carpel.agent.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class JournalTest {
    @TempDir Path directory;

    @Test
    void theStreamThatSystemdNamesIsTheJournal() throws IOException {
        Path stream = Files.createFile(directory.resolve("stream"));
        Path link = Files.createSymbolicLink(directory.resolve("2"), stream);
        Map<String, Object> stat = Files.readAttributes(stream, "unix:dev,ino");
        String named = stat.get("dev") + ":" + stat.get("ino");
        assertThat(Journal.isBehind(Map.of("JOURNAL_STREAM", named), link)).isTrue();
    }

    @Test
    void anotherFileIsNotTheJournal() throws IOException {
        Path stream = Files.createFile(directory.resolve("stream"));
        Map<String, Object> stat = Files.readAttributes(directory, "unix:dev,ino");
        for (String named :
                new String[] {"", "1:2", "nonsense", stat.get("dev") + ":" + stat.get("ino")}) {
            assertThat(Journal.isBehind(Map.of("JOURNAL_STREAM", named), stream)).isFalse();
        }
        assertThat(Journal.isBehind(Map.of(), stream)).isFalse();
        assertThat(Journal.isBehind(Map.of("JOURNAL_STREAM", "1:2"), directory.resolve("none")))
                .isFalse();
    }

    @Test
    void prioritiesAreThoseOfSyslog() {
        assertThat(
                        Stream.of(Level.ERROR, Level.WARN, Level.INFO, Level.DEBUG, Level.TRACE)
                                .map(Journal::mark))
                .containsExactly("<3>", "<4>", "<6>", "<7>", "<7>");
    }
}
