package io.carpel.runtime.image.snapshot;

import io.carpel.runtime.spec.Printable;
import java.util.ArrayDeque;
import java.util.Deque;

/// Names of archive entries.
final class EntryPath {
    private static final int LIMIT = 4000;
    private static final int COMPONENT_LIMIT = 255;

    /// Each missing part is a directory to be made: few bytes must not ask for thousands of them.
    private static final int PARTS = 255;

    private EntryPath() {}

    /// The path relative to the layer's root, without empty parts, `.` and `..`; empty for the
    /// root.
    ///
    /// @throws LayerRefusedException when it would leave the root
    static String clean(String raw) throws LayerRefusedException {
        if (raw.length() > LIMIT || raw.indexOf('\0') >= 0) {
            throw new LayerRefusedException("entry name '" + Printable.of(raw) + "' is too long");
        }
        Deque<String> parts = new ArrayDeque<>();
        for (String part : raw.split("/", -1)) {
            if (part.length() > COMPONENT_LIMIT) {
                throw new LayerRefusedException(
                        "entry name '" + Printable.of(raw) + "' is too long");
            }
            if (part.equals("..")) {
                if (parts.pollLast() == null) {
                    throw new LayerRefusedException(
                            "entry name '" + Printable.of(raw) + "' leads out of the layer");
                }
            } else if (!part.isEmpty() && !part.equals(".")) {
                parts.add(part);
            }
        }
        if (parts.size() > PARTS) {
            throw new LayerRefusedException(
                    "entry name '%s' has more than %d parts".formatted(Printable.of(raw), PARTS));
        }
        return String.join("/", parts);
    }
}
