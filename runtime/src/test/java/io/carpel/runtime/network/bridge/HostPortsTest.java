package io.carpel.runtime.network.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.AlreadyExistsException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.PortMapping;
import io.carpel.runtime.spec.PortMapping.Protocol;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class HostPortsTest {
    private final HostPorts ports = new HostPorts();

    private static PortMapping tcp(int port, String ip) {
        return new PortMapping(Protocol.TCP, port, 80, ip);
    }

    @ParameterizedTest
    @CsvSource({
        "'', '', true",
        "'', 127.0.0.1, true",
        "0.0.0.0, 127.0.0.1, true",
        "127.0.0.1, 127.0.0.1, true",
        "127.0.0.1, 127.0.0.2, false",
        "0.0.0.0, '::', false",
        "'', '::1', true",
        "0.0.0.0, '::1', false",
        "'::', 'fd00::1', true",
    })
    void sameAddressesClash(String first, String second, boolean clash) {
        ports.take("a", List.of(tcp(80, first)));
        if (clash) {
            assertThatThrownBy(() -> ports.take("b", List.of(tcp(80, second))))
                    .isInstanceOf(AlreadyExistsException.class)
                    .hasMessageEndingWith("80/tcp is taken by sandbox a");
            ports.release("a", List.of(tcp(80, first)));
        }
        assertThatCode(() -> ports.take("b", List.of(tcp(80, second)))).doesNotThrowAnyException();
    }

    @Test
    void protocolsDoNotClashAndAFailureTakesNothing() {
        ports.take("a", List.of(new PortMapping(Protocol.UDP, 53, 53, "")));
        ports.take("b", List.of(tcp(53, "")));
        assertThatThrownBy(() -> ports.take("c", List.of(tcp(54, ""), tcp(53, ""))))
                .isInstanceOf(AlreadyExistsException.class);
        ports.take("d", List.of(tcp(54, "")));
    }

    @Test
    void mistakesAreNamed() {
        assertThatThrownBy(() -> ports.take("a", List.of(tcp(80, ""), tcp(80, "10.0.0.1"))))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessage("host port 10.0.0.1:80/tcp is mapped twice");
        assertThatThrownBy(() -> ports.take("a", List.of(tcp(80, "localhost"))))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessage("host ip 'localhost' is not an IP address");
    }

    @Test
    void scriptsNameEveryFamilyAndBinding() {
        var script =
                new NatScript(
                        "t",
                        "br0",
                        AddressRange.parse("range", "10.0.0.0/24"),
                        Optional.of(AddressRange.parse("range", "fd00::/64")));
        var entry =
                new NatEntry(
                        InetAddress.ofLiteral("10.0.0.2"),
                        Optional.of(InetAddress.ofLiteral("fd00::2")),
                        List.of(
                                tcp(8000, ""),
                                tcp(8001, "127.0.0.1"),
                                tcp(8002, "0.0.0.0"),
                                new PortMapping(Protocol.SCTP, 8003, 81, "fd00:9::9")));
        assertThat(script.add(entry).lines())
                .containsExactly(
                        "create element inet t pods4 { 10.0.0.2 }",
                        "create element inet t pods6 { fd00::2 }",
                        "create element inet t ports4 { tcp . 8000 : 10.0.0.2 . 80 }",
                        "create element inet t ports6 { tcp . 8000 : fd00::2 . 80 }",
                        "create element inet t bound4 { 127.0.0.1 . tcp . 8001 : 10.0.0.2 . 80 }",
                        "create element inet t ports4 { tcp . 8002 : 10.0.0.2 . 80 }",
                        "create element inet t bound6 { fd00:9::9 . sctp . 8003 : fd00::2 . 81 }");
        assertThat(script.remove(entry).lines())
                .hasSize(7)
                .contains("delete element inet t bound4 { 127.0.0.1 . tcp . 8001 }");
    }
}
