package io.carpel.runtime.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExitRecordTest {
    private static final String TEXT =
            """
            version 1
            pid 42
            code 0
            signal 9
            oom 2
            peak 4096
            dropped 5
            started 1000000001
            finished 2000000002
            end 1
            """;

    @TempDir Path directory;

    @Test
    void aKilledProcessCounts128More() {
        ExitRecord record = ExitRecord.parse(TEXT);
        assertThat(record.exitCode()).isEqualTo(137);
        assertThat(record.oomKilled()).isTrue();
        assertThat(record.peakMemory()).hasValue(4096);
        assertThat(record.startedAt()).contains(Instant.ofEpochSecond(1, 1));
        assertThat(record.finishedAt()).isEqualTo(Instant.ofEpochSecond(2, 2));
    }

    @Test
    void anOomOfAChildAloneIsNoOomKill() {
        ExitRecord record = ExitRecord.parse(TEXT.replace("signal 9", "signal 0"));
        assertThat(record.exitCode()).isZero();
        assertThat(record.oomKilled()).isFalse();
    }

    @Test
    void aShellThatSaysItsChildWasKilledDiedOfItToo() {
        String shell = TEXT.replace("signal 9", "signal 0");
        assertThat(ExitRecord.parse(shell.replace("code 0", "code 137")).oomKilled()).isTrue();
        assertThat(ExitRecord.parse(shell.replace("code 0", "code 1")).oomKilled()).isFalse();
        assertThat(ExitRecord.parse(TEXT.replace("oom 2", "oom 0")).oomKilled()).isFalse();
    }

    @Test
    void aCutRecordIsNoRecord() throws Exception {
        Path file = directory.resolve("exit");
        assertThat(ExitRecord.read(file)).isEmpty();
        for (int length = 0; length < TEXT.length() - 2; length++) {
            Files.writeString(file, TEXT.substring(0, length));
            assertThatThrownBy(() -> ExitRecord.read(file)).isInstanceOf(IOException.class);
        }
        Files.writeString(file, TEXT);
        assertThat(ExitRecord.read(file)).isPresent();
    }
}
