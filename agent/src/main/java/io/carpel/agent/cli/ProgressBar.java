package io.carpel.agent.cli;

import io.carpel.agent.control.ControlProtocol.Step;
import java.io.PrintWriter;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// Shows a transfer on standard error: on a terminal one line that is drawn anew, elsewhere one
/// line when the size is known and one per trouble.
final class ProgressBar {
    private static final int WIDTH = 24;
    private static final double KIB = 1024;

    private final PrintWriter err;
    private final boolean live;
    private final String title;
    private final Map<String, Long> bytes = new HashMap<>();
    private final Set<String> ready = new HashSet<>();
    private long total;
    private int layers;
    private boolean drawn;

    ProgressBar(PrintWriter err, boolean live, String title) {
        this.err = err;
        this.live = live;
        this.title = title;
    }

    void on(Step event) {
        switch (event.kind()) {
            case RESOLVED -> {
                total += event.total();
                layers += event.layers();
                if (!live) {
                    err.println(
                            "%s: %d layers, %s"
                                    .formatted(title, event.layers(), formatBytes(event.total())));
                }
            }
            case DOWNLOADED -> bytes.put(event.subject(), event.done());
            case UNPACKED, PRESENT -> ready.add(event.subject());
            case RETRYING -> {
                clear();
                err.println(
                        "%s: transfer of %s begins anew: %s"
                                .formatted(title, event.subject(), event.text()));
            }
            case RESULT -> {}
        }
        draw();
    }

    /// Leaves the terminal as it was.
    void clear() {
        if (drawn) {
            err.print("\r\u001b[K");
            err.flush();
            drawn = false;
        }
    }

    private void draw() {
        if (!live) {
            return;
        }
        err.print("\r\u001b[K" + line());
        err.flush();
        drawn = true;
    }

    /// The line as it would be drawn now.
    String line() {
        long done = bytes.values().stream().mapToLong(Long::longValue).sum();
        int full = total == 0 ? 0 : (int) Math.min(WIDTH, WIDTH * done / total);
        return "%s [%s%s] %s of %s, %d of %d layers ready"
                .formatted(
                        title,
                        "#".repeat(full),
                        ".".repeat(WIDTH - full),
                        formatBytes(done),
                        formatBytes(total),
                        ready.size(),
                        layers);
    }

    /// With a unit and at most one digit after the point.
    static String formatBytes(long count) {
        double value = count;
        for (String unit : new String[] {"B", "KiB", "MiB", "GiB"}) {
            if (value < KIB) {
                return unit.equals("B")
                        ? count + " B"
                        : String.format(Locale.ROOT, "%.1f %s", value, unit);
            }
            value /= KIB;
        }
        return String.format(Locale.ROOT, "%.1f TiB", value);
    }
}
