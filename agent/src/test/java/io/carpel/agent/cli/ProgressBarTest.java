package io.carpel.agent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.agent.control.ControlProtocol.Kind;
import io.carpel.agent.control.ControlProtocol.Step;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ProgressBarTest {
    private final StringWriter err = new StringWriter();

    private static Step step(Kind kind, String subject, int layers, long done, long total) {
        return new Step(kind, subject, layers, done, total, "why", List.of());
    }

    @Test
    void countsBytesAndLayers() {
        ProgressBar bar = new ProgressBar(new PrintWriter(err, true), true, "pulling x");
        bar.on(step(Kind.RESOLVED, "id", 2, 0, 4 << 20));
        bar.on(step(Kind.DOWNLOADED, "a", 0, 1 << 20, 3 << 20));
        bar.on(step(Kind.DOWNLOADED, "a", 0, 3 << 20, 3 << 20));
        bar.on(step(Kind.UNPACKED, "a", 0, 0, 0));
        assertThat(bar.line())
                .isEqualTo(
                        "pulling x [##################......] 3.0 MiB of 4.0 MiB, 1 of 2 layers"
                                + " ready");
        bar.clear();
        assertThat(err.toString()).endsWith("\r\u001b[K").doesNotContain("\n");
    }

    @Test
    void elsewhereItSaysOnlyWhatMatters() {
        ProgressBar bar = new ProgressBar(new PrintWriter(err, true), false, "pulling x");
        bar.on(step(Kind.RESOLVED, "id", 2, 0, 1536));
        bar.on(step(Kind.DOWNLOADED, "a", 0, 10, 1536));
        bar.on(step(Kind.RETRYING, "a", 0, 0, 0));
        bar.clear();
        assertThat(err.toString())
                .isEqualTo(
                        """
                        pulling x: 2 layers, 1.5 KiB
                        pulling x: transfer of a begins anew: why
                        """);
    }

    @Test
    void bytesHaveUnits() {
        assertThat(ProgressBar.formatBytes(0)).isEqualTo("0 B");
        assertThat(ProgressBar.formatBytes(1023)).isEqualTo("1023 B");
        assertThat(ProgressBar.formatBytes(1024)).isEqualTo("1.0 KiB");
        assertThat(ProgressBar.formatBytes(5L << 40)).isEqualTo("5.0 TiB");
    }
}
