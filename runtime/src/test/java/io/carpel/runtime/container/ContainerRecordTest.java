package io.carpel.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.sandbox.Specs;
import io.carpel.runtime.spec.Bytes;
import io.carpel.runtime.spec.ContainerSpec;
import io.carpel.runtime.spec.DeviceSpec;
import io.carpel.runtime.spec.EnvVar;
import io.carpel.runtime.spec.HugepageLimit;
import io.carpel.runtime.spec.IdMapping;
import io.carpel.runtime.spec.MountSpec;
import io.carpel.runtime.spec.PidMode;
import io.carpel.runtime.spec.ProcessSpec;
import io.carpel.runtime.spec.ProfileSpec;
import io.carpel.runtime.spec.ResourceLimits;
import io.carpel.runtime.spec.RlimitSpec;
import io.carpel.runtime.spec.SecuritySpec;
import io.carpel.runtime.spec.SelinuxSpec;
import io.carpel.runtime.spec.UserSpec;
import io.carpel.runtime.store.OlderRecords;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class ContainerRecordTest {
    private static final ResourceLimits LIMITS =
            new ResourceLimits(
                    100_000,
                    50_000,
                    512,
                    1 << 26,
                    1 << 27,
                    100,
                    64,
                    "0-1",
                    "0",
                    List.of(new HugepageLimit("2MB", 1 << 21)),
                    Map.of("memory.high", "1000000"));

    private static MountSpec mount() {
        List<IdMapping> ids = List.of(new IdMapping(0, 100_000, 65_536));
        return new MountSpec(
                "/data",
                "/mnt",
                true,
                true,
                MountSpec.Propagation.PRIVATE,
                List.of("noexec"),
                ids,
                ids,
                Optional.of("example.test/files:1"),
                "sub",
                true);
    }

    private static DeviceSpec device() {
        return new DeviceSpec(
                "/dev/fuse",
                "/dev/fuse",
                "rw",
                Optional.of(
                        new DeviceSpec.Node(
                                "c",
                                Optional.of(10L),
                                Optional.of(229L),
                                Optional.of(0666L),
                                Optional.of(0L),
                                Optional.of(0L))));
    }

    private static SecuritySpec security() {
        return new SecuritySpec(
                true,
                Optional.of(List.of("CHOWN")),
                List.of("NET_ADMIN"),
                List.of("KILL"),
                List.of("SYS_TIME"),
                true,
                true,
                List.of("/proc/kcore"),
                List.of("/proc/sys"),
                ProfileSpec.runtimeDefault(),
                ProfileSpec.unconfined(),
                new SelinuxSpec("u", "r", "t", "s0"));
    }

    private static ContainerSpec spec() {
        return new ContainerSpec(
                Specs.id(2),
                Specs.id(1),
                "main",
                "example.test/app:1",
                new ProcessSpec(
                        List.of("sh"),
                        List.of("-c"),
                        List.of(EnvVar.of("A", "b")),
                        "/",
                        new UserSpec(
                                Optional.of(1L),
                                Optional.of("app"),
                                Optional.of(2L),
                                List.of(3L),
                                true),
                        true,
                        true,
                        true),
                List.of(mount()),
                List.of(device()),
                List.of("vendor.test/class=one"),
                LIMITS,
                security(),
                List.of(new RlimitSpec("RLIMIT_NOFILE", 1, 2)),
                PidMode.TARGET,
                Optional.of(Specs.id(3)),
                Optional.of(Path.of("/var/log/main.log")),
                Optional.of(15),
                Bytes.utf8("payload"));
    }

    private static ContainerRecord record(ContainerState state) {
        return new ContainerRecord(
                spec(),
                ContainerRecord.Phase.COMPLETE,
                state,
                Instant.ofEpochSecond(2),
                new ContainerRecord.ImageNames("sha256:1", "example.test/app@sha256:1", "app:1"),
                new ContainerUser(1, 2, List.of(2L, 3L)),
                15,
                List.of("sh", "-c"),
                LIMITS,
                "/kubepods/x",
                List.of("sha256:2"));
    }

    @Test
    void whatAnOlderBuildDidNotKnowIsEmpty() throws IOException {
        for (ContainerState state :
                List.of(
                        new ContainerState.Created(7),
                        new ContainerState.Running(7, Instant.EPOCH),
                        new ContainerState.Exited(
                                1, "Error", "", Optional.of(Instant.EPOCH), Instant.EPOCH),
                        new ContainerState.Unknown("lost"))) {
            assertThat(OlderRecords.check(record(state), Set.of())).isGreaterThan(80);
        }
    }
}
