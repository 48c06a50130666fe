package io.carpel.runtime.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.InvalidArgumentException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CgroupDriverTest {
    @TempDir Path directory;

    @Test
    void autoIsSystemdWhereItRunsCanBeSpokenToAndHasVersionTwo() throws IOException {
        Path booted = Files.createDirectory(directory.resolve("system"));
        Path bus = Files.createFile(directory.resolve("bus"));
        Path none = directory.resolve("none");

        assertThat(CgroupDriver.named("auto", booted, bus, () -> true))
                .isEqualTo(CgroupDriver.SYSTEMD);
        assertThat(CgroupDriver.named("auto", booted, bus, () -> false))
                .isEqualTo(CgroupDriver.CGROUPFS);
        assertThat(CgroupDriver.named("auto", booted, none, () -> true))
                .isEqualTo(CgroupDriver.CGROUPFS);
        assertThat(CgroupDriver.named("auto", none, bus, () -> true))
                .isEqualTo(CgroupDriver.CGROUPFS);
    }

    @Test
    void whatIsNamedIsTaken() {
        assertThat(CgroupDriver.named("systemd")).isEqualTo(CgroupDriver.SYSTEMD);
        assertThat(CgroupDriver.named("cgroupfs")).isEqualTo(CgroupDriver.CGROUPFS);
        assertThatThrownBy(() -> CgroupDriver.named("runc"))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("runc");
    }
}
