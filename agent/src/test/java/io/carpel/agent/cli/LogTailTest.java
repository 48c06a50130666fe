package io.carpel.agent.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LogTailTest {
    private static final String TIME = "2026-11-23T12:00:00.000000000Z ";

    @TempDir Path dir = Path.of("");

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private void append(String text) throws IOException {
        Files.writeString(
                dir.resolve("0.log"),
                text,
                ISO_8859_1,
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
    }

    @Test
    void passesWholeLinesOnAsTheyCome() throws IOException {
        try (LogTail tail = new LogTail(dir.resolve("0.log"), "c | ", out, err)) {
            tail.poll();
            assertThat(out.size()).isZero();

            append(TIME + "stdout F one\n" + TIME + "stderr F oops\n" + TIME + "stdout F tw");
            tail.poll();
            assertThat(out.toString(ISO_8859_1)).isEqualTo("c | one\n");
            assertThat(err.toString(ISO_8859_1)).isEqualTo("c | oops\n");

            append("o and more\n" + TIME + "stdout F \n");
            tail.poll();
            assertThat(out.toString(ISO_8859_1)).isEqualTo("c | one\nc | two and more\nc | \n");
        }
    }

    @Test
    void joinsPartsAndKeepsBytes() throws IOException {
        append(TIME + "stdout P first \u00ff,\n" + TIME + "stderr P e\n");
        append(TIME + "stdout F second\n" + TIME + "stdout P no end\n");
        try (LogTail tail = new LogTail(dir.resolve("0.log"), "", out, err)) {
            tail.poll();
            assertThat(out.toString(ISO_8859_1)).isEqualTo("first \u00ff,second\n");
            assertThat(err.size()).isZero();
            tail.finish();
            assertThat(out.toString(ISO_8859_1)).isEqualTo("first \u00ff,second\nno end");
            assertThat(err.toString(ISO_8859_1)).isEqualTo("e");
        }
    }

    @Test
    void linesThatAreNoRecordsAreLeftOut() throws IOException {
        append("garbage\n\n" + TIME + "stdout F good\n");
        try (LogTail tail = new LogTail(dir.resolve("0.log"), "", out, err)) {
            tail.finish();
        }
        assertThat(out.toString(ISO_8859_1)).isEqualTo("good\n");
    }
}
