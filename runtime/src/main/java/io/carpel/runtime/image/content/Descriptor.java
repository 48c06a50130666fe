package io.carpel.runtime.image.content;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Points to a blob and says what it must be: type, size, digest.
///
/// @param urls other places a foreign layer may lie at; never given credentials
public record Descriptor(
        String mediaType,
        Digest digest,
        long size,
        Map<String, String> annotations,
        Optional<Platform> platform,
        List<String> urls) {
    public Descriptor {
        annotations = Map.copyOf(annotations);
        urls = List.copyOf(urls);
    }

    public static Descriptor of(String mediaType, Digest digest, long size) {
        return new Descriptor(mediaType, digest, size, Map.of(), Optional.empty(), List.of());
    }

    /// What an image was built for, in Go's spelling; `variant` may be empty.
    public record Platform(String os, String architecture, String variant) {}
}
