package io.carpel.runtime.image.content;

import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// JSON from images: bounded in depth and size, doubled keys refused, because two readers could
/// pick different ones.
public final class Json {
    private static final int DEPTH = 64;
    private static final int STRING = 4 << 20;

    /// Far above the largest real document: a tree of small values has fifty times its text's size.
    private static final int TOKENS = 300_000;

    private static final JsonMapper MAPPER =
            JsonMapper.builder(
                            JsonFactory.builder()
                                    .streamReadConstraints(
                                            StreamReadConstraints.builder()
                                                    .maxNestingDepth(DEPTH)
                                                    .maxStringLength(STRING)
                                                    .maxNumberLength(100)
                                                    .maxTokenCount(TOKENS)
                                                    .build())
                                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                                    .build())
                    .build();

    private Json() {}

    public static JsonMapper mapper() {
        return MAPPER;
    }

    /// @throws tools.jackson.core.JacksonException when this is not JSON within the bounds
    public static JsonNode read(byte[] content) {
        return MAPPER.readTree(content);
    }
}
