package io.carpel.agent.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

final class LineEncoderTest {
    private static LoggingEvent event(String message, Throwable failure) {
        LoggingEvent event =
                new LoggingEvent(
                        LineEncoderTest.class.getName(),
                        new LoggerContext().getLogger("io.carpel.agent.Example"),
                        Level.WARN,
                        message,
                        failure,
                        null);
        event.setInstant(Instant.parse("2026-11-23T12:00:00.5Z"));
        event.setThreadName("main");
        return event;
    }

    private static String encode(boolean json, LoggingEvent event) {
        return new String(new LineEncoder(json).encode(event), StandardCharsets.UTF_8);
    }

    @Test
    void anEventIsOneLineWhateverItHolds() {
        String hostile = "bad\n2026-11-23T12:00:00.000Z INFO forged: all well\r\u001b[2J";
        String line = encode(false, event(hostile, new IllegalStateException("first\nsecond")));
        assertThat(line)
                .startsWith("2026-11-23T12:00:00.500Z WARN Example: bad\\n2026")
                .contains("\\r\\u001b[2J | java.lang.IllegalStateException: first\\nsecond at ")
                .hasLineCount(1)
                .endsWith("\n");
    }

    @Test
    void jsonHasTheSameInFields() {
        String line =
                encode(
                        true,
                        event(
                                "say \"hi\"\n",
                                new IllegalStateException("a", new RuntimeException("b"))));
        assertThat(line).hasLineCount(1).endsWith("\n");
        JsonNode fields = JsonMapper.shared().readTree(line);
        assertThat(fields.path("time").asString()).isEqualTo("2026-11-23T12:00:00.500Z");
        assertThat(fields.path("level").asString()).isEqualTo("WARN");
        assertThat(fields.path("logger").asString()).isEqualTo("io.carpel.agent.Example");
        assertThat(fields.path("message").asString()).isEqualTo("say \"hi\"\n");
        assertThat(fields.path("error").asString())
                .startsWith("java.lang.IllegalStateException: a at ")
                .contains(" caused by java.lang.RuntimeException: b at ");
    }
}
