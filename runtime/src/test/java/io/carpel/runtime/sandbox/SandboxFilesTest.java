package io.carpel.runtime.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.spec.DnsSpec;
import java.util.List;
import org.junit.jupiter.api.Test;

final class SandboxFilesTest {
    @Test
    void writesResolvConfInOrder() {
        assertThat(
                        SandboxFiles.resolvConf(
                                new DnsSpec(
                                        List.of("10.0.0.10", "fd00::a"),
                                        List.of("a.b", "c"),
                                        List.of("ndots:5"))))
                .isEqualTo(
                        """
                        search a.b c
                        nameserver 10.0.0.10
                        nameserver fd00::a
                        options ndots:5
                        """);
        assertThat(SandboxFiles.resolvConf(new DnsSpec(List.of(), List.of(), List.of()))).isEmpty();
    }
}
