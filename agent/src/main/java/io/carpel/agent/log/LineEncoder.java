package io.carpel.agent.log;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.StackTraceElementProxy;
import ch.qos.logback.core.encoder.EncoderBase;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.event.KeyValuePair;
import tools.jackson.databind.json.JsonMapper;

/// Writes an event as exactly one line, whatever its message holds: a container's or registry's
/// text cannot forge a line of our log.
final class LineEncoder extends EncoderBase<ILoggingEvent> {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);
    private static final int ID = 64;
    private static final int SHORT_ID = 13;
    private static final List<String> ABOUT =
            List.of(
                    "pod_namespace",
                    "pod_name",
                    "pod_uid",
                    "pod_id",
                    "container_name",
                    "container_id",
                    "image");
    private static final int MAX_CAUSES = 5;
    private static final int MAX_FRAMES = 20;

    private final boolean json;
    private final boolean marked;

    /// @param marked begins each line with its priority, for the journal
    LineEncoder(boolean json, boolean marked) {
        this.json = json;
        this.marked = marked;
    }

    @Override
    public byte[] headerBytes() {
        return new byte[0];
    }

    @Override
    public byte[] footerBytes() {
        return new byte[0];
    }

    @Override
    public byte[] encode(ILoggingEvent event) {
        String mark = marked ? Journal.mark(event.getLevel()) : "";
        String line = json ? json(event) : text(event);
        return (mark + line + "\n").getBytes(StandardCharsets.UTF_8);
    }

    private static String text(ILoggingEvent event) {
        StringBuilder line = new StringBuilder(160);
        line.append(TIME.format(event.getInstant()))
                .append(' ')
                .append(event.getLevel())
                .append(' ')
                .append(shortName(event.getLoggerName()))
                .append(": ")
                .append(event.getFormattedMessage());
        Map<String, String> fields = fields(event);
        // What a call is about; its method and duration are in the sentence.
        ABOUT.forEach(key -> {
            String value = fields.getOrDefault(key, "");
            if (!value.isEmpty() && !mentions(line, value)) {
                line.append(' ').append(key).append('=').append(value);
            }
        });
        IThrowableProxy failure = event.getThrowableProxy();
        if (failure != null) {
            line.append(" | ").append(describe(failure));
        }
        return oneLine(line);
    }

    private static String json(ILoggingEvent event) {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("time", TIME.format(event.getInstant()));
        fields.put("level", event.getLevel().toString());
        fields.put("logger", event.getLoggerName());
        fields.put("thread", event.getThreadName());
        fields.put("message", event.getFormattedMessage());
        fields(event).forEach(fields::putIfAbsent);
        IThrowableProxy failure = event.getThrowableProxy();
        if (failure != null) {
            fields.put("error", describe(failure));
        }
        return JsonMapper.shared().writeValueAsString(fields);
    }

    /// What the event and its thread say it is about.
    private static Map<String, String> fields(ILoggingEvent event) {
        Map<String, String> fields = new LinkedHashMap<>(event.getMDCPropertyMap());
        List<KeyValuePair> own = event.getKeyValuePairs();
        if (own != null) {
            own.forEach(pair -> fields.put(pair.key, String.valueOf(pair.value)));
        }
        return fields;
    }

    /// Ids are often shortened in sentences.
    private static boolean mentions(CharSequence line, String value) {
        String shortened = value.length() == ID ? value.substring(0, SHORT_ID) : value;
        return line.toString().contains(shortened);
    }

    private static String shortName(String logger) {
        return logger.substring(logger.lastIndexOf('.') + 1);
    }

    private static String describe(IThrowableProxy failure) {
        StringBuilder text = new StringBuilder();
        IThrowableProxy at = failure;
        for (int depth = 0; at != null && depth < MAX_CAUSES; depth++) {
            text.append(depth == 0 ? "" : " caused by ")
                    .append(at.getClassName())
                    .append(": ")
                    .append(at.getMessage());
            StackTraceElementProxy[] frames = at.getStackTraceElementProxyArray();
            for (int frame = 0; frame < Math.min(MAX_FRAMES, frames.length); frame++) {
                text.append(' ').append(frames[frame].getSTEAsString());
            }
            at = at.getCause();
        }
        return text.toString();
    }

    /// Control characters become escapes.
    private static String oneLine(CharSequence text) {
        StringBuilder out = new StringBuilder(text.length());
        for (int at = 0; at < text.length(); at++) {
            char c = text.charAt(at);
            switch (c) {
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (Character.isISOControl(c)) {
                        out.append("\\u%04x".formatted((int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        return out.toString();
    }
}
