package io.carpel.runtime.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.launch.ShimLauncher;
import io.carpel.runtime.linux.LinuxMountCalls;
import io.carpel.runtime.linux.LinuxNamespaceCalls;
import io.carpel.runtime.linux.LinuxSeccompCalls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FeatureProbeIT {
    @TempDir Path directory;

    @Test
    void tellsTheTruthAboutThisHost() throws IOException {
        KernelFeatures features;
        try (ShimLauncher shims = ShimLauncher.open()) {
            features =
                    new FeatureProbe(
                                    new LinuxMountCalls(),
                                    new LinuxNamespaceCalls(),
                                    new LinuxSeccompCalls(),
                                    shims.helpers())
                            .probe(
                                    directory,
                                    directory.resolve("probe.sock"),
                                    List.of("cgroup controller io is not available"));
        }
        String status = Files.readString(Path.of("/proc/self/status"));
        assertThat(status)
                .containsPattern(
                        "CapBnd:\\s*0*" + Long.toHexString(features.boundingCapabilities()));
        assertThat(features.release())
                .isEqualTo(Files.readString(Path.of("/proc/sys/kernel/osrelease")).strip());
        assertThat(features.usable()).as(features.findings().toString()).isTrue();
        assertThat(features.recursiveReadonly()).isTrue();
        assertThat(features.overlay()).isTrue();
        assertThat(features.seccomp()).isTrue();
        assertThat(features.findings())
                .anySatisfy(finding -> {
                    assertThat(finding.subject()).isEqualTo("cgroups");
                    assertThat(finding.level()).isEqualTo(Finding.Level.DEGRADED);
                })
                .allSatisfy(finding -> {
                    if (finding.level() != Finding.Level.GOOD) {
                        assertThat(finding.fix()).isNotEmpty();
                    }
                });
        assertThat(directory).isEmptyDirectory();
    }
}
