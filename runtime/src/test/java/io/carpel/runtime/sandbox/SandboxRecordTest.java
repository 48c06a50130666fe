package io.carpel.runtime.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.lifecycle.ProcessIdentity;
import io.carpel.runtime.spec.Bandwidth;
import io.carpel.runtime.spec.Bytes;
import io.carpel.runtime.spec.DnsSpec;
import io.carpel.runtime.spec.IdMapping;
import io.carpel.runtime.spec.NamespaceSpec;
import io.carpel.runtime.spec.PidMode;
import io.carpel.runtime.spec.PinnedNamespaces;
import io.carpel.runtime.spec.PortMapping;
import io.carpel.runtime.spec.RemapSpec;
import io.carpel.runtime.spec.SandboxSpec;
import io.carpel.runtime.spec.SelinuxSpec;
import io.carpel.runtime.spec.UserNamespaceSpec;
import io.carpel.runtime.store.OlderRecords;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class SandboxRecordTest {
    private static final List<IdMapping> IDS = List.of(new IdMapping(0, 100_000, 65_536));

    private static SandboxSpec spec() {
        return new SandboxSpec(
                Specs.id(1),
                "pod",
                "host",
                new NamespaceSpec(
                        true, true, PidMode.POD, Optional.of(new UserNamespaceSpec(IDS, IDS))),
                Optional.of(
                        new DnsSpec(List.of("10.0.0.1"), List.of("a.test"), List.of("ndots:5"))),
                List.of(new PortMapping(PortMapping.Protocol.TCP, 80, 8080, "127.0.0.1")),
                Optional.of(new Bandwidth(1, 2, 3, 4)),
                "/kubepods",
                Map.of("net.ipv4.ip_forward", "1"),
                Optional.of(Path.of("/var/log/pods/x")),
                true,
                "batch",
                Optional.of(1L << 20),
                Optional.of(new RemapSpec("carpel", 65_536)),
                Optional.of(new SelinuxSpec("u", "r", "t", "s0:c1,c2")),
                Map.of("K8S_POD_NAME", "pod"),
                Bytes.utf8("payload"));
    }

    private static SandboxRecord record(SandboxState state) {
        Optional<Path> pin = Optional.of(Path.of("/run/pin"));
        return new SandboxRecord(
                spec(),
                SandboxRecord.Phase.COMPLETE,
                state,
                Instant.ofEpochSecond(1, 5),
                List.of("10.1.2.3"),
                new PinnedNamespaces(pin, pin, pin, pin, pin),
                Optional.of(Path.of("/run/shm")),
                Optional.of(new ProcessIdentity(12, 345)),
                "/kubepods",
                Path.of("/run/netns/x"),
                Set.of(SandboxRecord.Holding.NETWORK),
                Optional.of(Bytes.utf8("note")));
    }

    @Test
    void whatAnOlderBuildDidNotKnowIsEmpty() throws IOException {
        Set<String> vital = Set.of("spec.namespaces.user.uids", "spec.namespaces.user.gids");
        for (SandboxState state :
                List.of(
                        new SandboxState.Ready(Instant.EPOCH),
                        new SandboxState.NotReady(Instant.EPOCH, "it was stopped"))) {
            assertThat(OlderRecords.check(record(state), vital)).isGreaterThan(40);
        }
    }
}
