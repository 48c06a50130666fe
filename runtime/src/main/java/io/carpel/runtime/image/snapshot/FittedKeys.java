package io.carpel.runtime.image.snapshot;

import io.carpel.runtime.image.content.Digest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// Keys of layers that were fitted to those below them: a hash over the layer's own hash and those
/// of all below it.
public final class FittedKeys {
    private FittedKeys() {}

    /// One for each layer, lowest first. None is any layer's own hash, not even the lowest one's.
    public static List<Digest> of(List<Digest> diffIds) {
        List<Digest> out = new ArrayList<>();
        String below = "fitted";
        for (Digest diffId : diffIds) {
            Digest key = Digest.of((below + " " + diffId).getBytes(StandardCharsets.UTF_8));
            out.add(key);
            below = key.toString();
        }
        return out;
    }
}
