package io.carpel.runtime.network.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.KernelFaultException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CniResultTest {
    private static final String FULL =
            """
            {"cniVersion":"1.0.0",
             "interfaces":[{"name":"cni0","mac":"02:00:00:00:00:01"},{"name":"veth1"},
                           {"name":"eth0","sandbox":"/run/netns/a"},{"name":"net1","sandbox":"/run/netns/a"}],
             "ips":[{"address":"fd00::5/64","interface":2},{"address":"10.0.0.1/24","interface":0},
                    {"address":"10.0.0.5/24","interface":2,"gateway":"10.0.0.1"},
                    {"address":"10.9.0.5/24","interface":3},{"address":"10.0.0.6/24"},
                    {"address":"10.0.0.5/24","interface":2}],
             "routes":[{"dst":"0.0.0.0/0"}],
             "dns":{"nameservers":["10.0.0.53"],"domain":"d.test","search":["s.test"],"options":["ndots:2"]},
             "unknown":{"kept":true}}
            """;

    private static CniResult parse(String text) {
        return CniResult.parse(text.getBytes(StandardCharsets.UTF_8), CniVersion.V1_0_0);
    }

    @Test
    void addressesOfTheInterfaceInsideComeInThePluginsOrder() {
        assertThat(parse(FULL).addresses("eth0"))
                .containsExactly("fd00::5", "10.0.0.5", "10.0.0.6");
    }

    @Test
    void dnsIsUnderstood() {
        var dns = parse(FULL).dns().orElseThrow();
        assertThat(dns.servers()).containsExactly("10.0.0.53");
        assertThat(dns.searches()).containsExactly("d.test", "s.test");
        assertThat(dns.options()).containsExactly("ndots:2");
        assertThat(parse("{}").dns()).isEmpty();
    }

    @Test
    void olderFormsNameTheFamilyAndNewerOnesDoNot() {
        CniResult old = parse(FULL).toVersion(CniVersion.V0_3_1);
        assertThat(old.document().path("cniVersion").stringValue()).isEqualTo("0.3.1");
        assertThat(old.document().path("ips").path(0).path("version").stringValue()).isEqualTo("6");
        assertThat(old.document().path("ips").path(1).path("version").stringValue()).isEqualTo("4");
        CniResult back = old.toVersion(CniVersion.V1_0_0);
        assertThat(back.document()).as("nothing is lost").isEqualTo(parse(FULL).document());
        assertThat(back.toVersion(CniVersion.V1_0_0)).isSameAs(back);
    }

    @Test
    void resultThatNamesNoVersionIsOfTheConfigurations() {
        assertThat(parse("{\"ips\":[]}").version()).isEqualTo(CniVersion.V1_0_0);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nonsense",
                "[]",
                "{\"cniVersion\":\"0.2.0\"}",
                "{\"cniVersion\":\"9.0.0\"}",
                "{\"ips\":{}}",
                "{\"ips\":[{}]}",
                "{\"ips\":[{\"address\":\"host.example/24\"}]}",
                "{\"ips\":[7]}",
            })
    void wrongResultsAreRefused(String text) {
        assertThatThrownBy(() -> parse(text))
                .isInstanceOf(KernelFaultException.class)
                .hasMessageStartingWith("its result");
    }

    /// A plugin is a program like any other: whatever it prints ends in a result or an error of
    /// ours.
    @Test
    void mangledResultsNeverEscapeAsAnotherError() {
        var random = new Random(20261123);
        for (int round = 0; round < 20_000; round++) {
            byte[] bytes = FULL.getBytes(StandardCharsets.UTF_8);
            for (int i = 0; i < 1 + random.nextInt(4); i++) {
                bytes[random.nextInt(bytes.length)] =
                        (byte) "{}[]\",:019.x\0".charAt(random.nextInt(13));
            }
            try {
                CniResult result = CniResult.parse(bytes, CniVersion.V1_0_0);
                result.addresses("eth0");
                result.toVersion(CniVersion.V0_4_0);
                result.dns();
            } catch (ContainerRuntimeException expected) {
                assertThat(expected.getMessage()).isNotEmpty();
            }
        }
    }
}
