package io.carpel.agent.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.slf4j.event.KeyValuePair;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

final class LineEncoderTest {
    private static LoggingEvent event(String message, @Nullable Throwable failure) {
        return event(message, failure, Map.of());
    }

    private static LoggingEvent event(
            String message, @Nullable Throwable failure, Map<String, String> context) {
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
        event.setMDCPropertyMap(context);
        return event;
    }

    private static String encode(boolean json, LoggingEvent event) {
        return new String(new LineEncoder(json, false).encode(event), StandardCharsets.UTF_8);
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
    void theJournalIsToldThePriorityOfEachLine() {
        for (boolean json : new boolean[] {false, true}) {
            String plain = encode(json, event("careful", null));
            assertThat(new LineEncoder(json, true).encode(event("careful", null)))
                    .asString(StandardCharsets.UTF_8)
                    .isEqualTo("<4>" + plain);
        }
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

    private static LoggingEvent about(String message) {
        LoggingEvent event =
                event(message, null, Map.of("pod_name", "web", "pod_namespace", "default"));
        event.addKeyValuePair(new KeyValuePair("container_id", "c".repeat(64)));
        event.addKeyValuePair(new KeyValuePair("method", "StopContainer"));
        event.addKeyValuePair(new KeyValuePair("message", "forged"));
        return event;
    }

    @Test
    void whatAnEventIsAboutAreFieldsOfTheirOwn() {
        JsonNode fields = JsonMapper.shared().readTree(encode(true, about("stopped")));
        assertThat(fields.path("pod_name").asString()).isEqualTo("web");
        assertThat(fields.path("pod_namespace").asString()).isEqualTo("default");
        assertThat(fields.path("container_id").asString()).isEqualTo("c".repeat(64));
        assertThat(fields.path("method").asString()).isEqualTo("StopContainer");
        assertThat(fields.path("message").asString()).isEqualTo("stopped");
    }

    @Test
    void textNamesWhatTheSentenceDoesNot() {
        assertThat(encode(false, about("stopped container=ccccccccccccc")))
                .endsWith("stopped container=ccccccccccccc pod_namespace=default pod_name=web\n");
        assertThat(encode(false, about("default/web is gone")))
                .endsWith("default/web is gone container_id=" + "c".repeat(64) + "\n");
    }
}
