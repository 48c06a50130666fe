package io.carpel.runtime.container;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// How host paths propagate, from `/proc/self/mountinfo` (proc_pid_mountinfo(5)).
final class MountPoints {
    private static final int MOUNT_POINT = 4;
    private static final int FIRST_OPTIONAL = 6;

    private final List<String> lines;

    MountPoints(List<String> mountinfo) {
        this.lines = List.copyOf(mountinfo);
    }

    static MountPoints ofThisProcess() throws IOException {
        return new MountPoints(
                Files.readAllLines(Path.of("/proc/self/mountinfo"), StandardCharsets.ISO_8859_1));
    }

    /// Whether mounts below the path reach its peers.
    boolean shared(Path path) {
        return optionalFields(path).stream().anyMatch(f -> f.startsWith("shared:"));
    }

    /// Whether mounts made elsewhere reach the path.
    boolean receives(Path path) {
        return optionalFields(path).stream()
                .anyMatch(f -> f.startsWith("shared:") || f.startsWith("master:"));
    }

    private List<String> optionalFields(Path path) {
        List<String> best = List.of();
        int depth = -1;
        for (String line : lines) {
            List<String> fields = List.of(line.split(" ", -1));
            Path point = Path.of(unescape(fields.get(MOUNT_POINT)));
            // A later line lies on top of an earlier one at the same place.
            if (path.startsWith(point) && point.getNameCount() >= depth) {
                depth = point.getNameCount();
                best = fields.subList(FIRST_OPTIONAL, fields.indexOf("-"));
            }
        }
        return best;
    }

    /// Blanks, tabs, newlines and backslashes are written in octal; other bytes are UTF-8.
    private static String unescape(String field) {
        StringBuilder out = new StringBuilder(field.length());
        for (int i = 0; i < field.length(); i++) {
            if (field.charAt(i) == '\\' && i + 3 < field.length()) {
                out.append((char) Integer.parseInt(field.substring(i + 1, i + 4), 8));
                i += 3;
            } else {
                out.append(field.charAt(i));
            }
        }
        byte[] bytes = out.toString().getBytes(StandardCharsets.ISO_8859_1);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
