package io.carpel.agent.translate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.NamespaceSpec;
import io.carpel.runtime.spec.PidMode;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The kernel parameters that are set are those that were asked for, and all belong to the pod.
final class SecurityProperty23SysctlSmugglingTest {
    private static final NamespaceSpec OWN = namespaces(false, false);

    private static NamespaceSpec namespaces(boolean hostNetwork, boolean hostIpc) {
        return new NamespaceSpec(hostNetwork, hostIpc, PidMode.CONTAINER, Optional.empty());
    }

    @Test
    void whatIsAskedForIsWhatIsSet() {
        Map<String, String> wanted =
                Map.of(
                        "kernel.shm_rmid_forced", "1",
                        "fs.mqueue.msg_max", "100",
                        "kernel.sem", "250\t32000\t32\t128",
                        "kernel.domainname", "example.org",
                        "net.ipv4.ip_local_port_range", "1024 65535");
        assertThat(SysctlRules.check(wanted, OWN)).isEqualTo(wanted);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "kernel.hostname",
                "kernel.core_pattern",
                "kernel.semaphore",
                "vm.overcommit_memory",
                "fs.file-max",
                "net/ipv4/ip_forward",
                "net.ipv4.../../kernel.core_pattern",
                "net.",
                "net",
                "net.ipv4.ip_forward+kernel.core_pattern",
                "net.ipv4.ip_forward\nkernel.core_pattern",
                ""
            })
    void othersAreRefused(String key) {
        assertThatThrownBy(() -> SysctlRules.check(Map.of(key, "1"), OWN))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageStartingWith("linux.sysctls '");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1\n2", "1\r", "\0"})
    void aValueIsOneLine(String value) {
        assertThatThrownBy(() -> SysctlRules.check(Map.of("net.core.somaxconn", value), OWN))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageStartingWith("linux.sysctls[net.core.somaxconn] '");
    }

    @Test
    void whatIsSharedWithTheHostStaysTheHosts() {
        assertThatThrownBy(() ->
                        SysctlRules.check(
                                Map.of("net.core.somaxconn", "1"), namespaces(true, false)))
                .hasMessageContaining("network namespace");
        assertThatThrownBy(() ->
                        SysctlRules.check(
                                Map.of("kernel.domainname", "x"), namespaces(true, false)))
                .hasMessageContaining("UTS namespace");
        assertThatThrownBy(() ->
                        SysctlRules.check(Map.of("kernel.shmmax", "1"), namespaces(false, true)))
                .hasMessageContaining("IPC namespace");
    }
}
