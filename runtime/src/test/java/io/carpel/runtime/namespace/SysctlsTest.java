package io.carpel.runtime.namespace;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.spec.NamespaceSpec;
import io.carpel.runtime.spec.PidMode;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SysctlsTest {
    private static final Map<String, String> DEFAULTS =
            Map.of("net.ipv4.ip_unprivileged_port_start", "0", "kernel.shmmax", "7");

    private static Map<String, String> over(
            Map<String, String> asked, boolean hostNetwork, boolean hostIpc) {
        return Sysctls.over(
                DEFAULTS,
                asked,
                new NamespaceSpec(hostNetwork, hostIpc, PidMode.CONTAINER, Optional.empty()));
    }

    @Test
    void thoseOfEveryPodAreForWhoHasTheNamespace() {
        assertThat(over(Map.of(), false, false)).isEqualTo(DEFAULTS);
        assertThat(over(Map.of(), true, false)).isEqualTo(Map.of("kernel.shmmax", "7"));
        assertThat(over(Map.of(), false, true))
                .isEqualTo(Map.of("net.ipv4.ip_unprivileged_port_start", "0"));
        assertThat(over(Map.of(), true, true)).isEmpty();
    }

    @Test
    void whatThePodAsksForCounts() {
        assertThat(over(Map.of("kernel.shmmax", "8", "net.core.somaxconn", "9"), false, false))
                .isEqualTo(
                        Map.of(
                                "net.ipv4.ip_unprivileged_port_start", "0",
                                "kernel.shmmax", "8",
                                "net.core.somaxconn", "9"));
    }
}
