package io.carpel.agent.translate;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.cri.ContainerConfig;
import io.carpel.cri.DNSConfig;
import io.carpel.cri.KeyValue;
import io.carpel.cri.LinuxContainerSecurityContext;
import io.carpel.cri.LinuxPodSandboxConfig;
import io.carpel.cri.PodSandboxConfig;
import io.carpel.runtime.error.InvalidArgumentException;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Nothing that ends up in a line of a generated file, or in the environment, may begin another.
final class SecurityProperty22InjectedLinesTest {
    private static final String[] BREAKS = {"\n", "\r", "\0"};

    private static Stream<Arguments> fields() {
        return Stream.of(
                field("hostname", text -> Requests.sandbox().setHostname(text)),
                field(
                        "dns_config.servers",
                        text -> dns(DNSConfig.newBuilder().addServers("10.0.0.1" + text))),
                field("dns_config.searches", text -> dns(DNSConfig.newBuilder().addSearches(text))),
                field("dns_config.options", text -> dns(DNSConfig.newBuilder().addOptions(text))),
                field(
                        "linux.sysctls",
                        text ->
                                Requests.sandbox()
                                        .setLinux(
                                                LinuxPodSandboxConfig.newBuilder()
                                                        .putSysctls("kernel.shmmax", text))),
                field(
                        "log_directory",
                        text -> Requests.sandbox().setLogDirectory("/logs/" + text)));
    }

    private static Arguments field(String name, Function<String, PodSandboxConfig.Builder> put) {
        return Arguments.of(name, put);
    }

    private static PodSandboxConfig.Builder dns(DNSConfig.Builder dns) {
        return Requests.sandbox().setDnsConfig(dns);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("fields")
    void noFieldOfAPodHoldsALineBreak(String name, Function<String, PodSandboxConfig.Builder> put) {
        for (String end : BREAKS) {
            PodSandboxConfig config = put.apply("1" + end + "nameserver 6.6.6.6").build();
            assertThatThrownBy(() -> Requests.sandboxes().toSpec(Requests.SANDBOX_ID, config, ""))
                    .as("%s with %d", name, (int) end.charAt(0))
                    .isInstanceOf(InvalidArgumentException.class)
                    .hasMessageContaining(name);
        }
    }

    @Test
    void aUserNameHoldsNeitherALineBreakNorAColon() {
        for (String odd : new String[] {"a\nroot", "a\rroot", "a\0", "root:x:0:0"}) {
            var config =
                    Requests.container(
                            LinuxContainerSecurityContext.newBuilder().setRunAsUsername(odd));
            assertThatThrownBy(() -> toSpec(config))
                    .as(odd)
                    .isInstanceOf(InvalidArgumentException.class);
        }
    }

    @Test
    void aVariableIsNotTwo() {
        for (String odd : new String[] {"A=B", "A\0B", ""}) {
            var config = Requests.container().addEnvs(KeyValue.newBuilder().setKey(odd));
            assertThatThrownBy(() -> toSpec(config))
                    .as(odd)
                    .isInstanceOf(InvalidArgumentException.class);
        }
    }

    private static void toSpec(ContainerConfig.Builder config) {
        Requests.spec(config, Requests.snapshot(Requests.sandbox()));
    }
}
