package io.carpel.agent.trace;

import io.opentelemetry.api.common.AttributeKey;

/// Names of attributes that several spans share. Where OpenTelemetry has a name for a thing, it is
/// that.
final class SpanNames {
    static final AttributeKey<String> POD_ID = AttributeKey.stringKey("carpel.pod.id");
    static final AttributeKey<String> CONTAINER_ID = AttributeKey.stringKey("container.id");
    static final AttributeKey<String> IMAGE = AttributeKey.stringKey("container.image.name");

    /// Longer values are cut.
    static final int TEXT_LIMIT = 2048;

    private SpanNames() {}

    static String bounded(String text) {
        return text.length() > TEXT_LIMIT ? text.substring(0, TEXT_LIMIT) + "…" : text;
    }
}
