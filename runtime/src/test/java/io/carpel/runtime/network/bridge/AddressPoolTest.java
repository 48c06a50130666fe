package io.carpel.runtime.network.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.ResourceExhaustedException;
import io.carpel.runtime.network.AddressText;
import io.carpel.runtime.network.bridge.AddressPool.Lease;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class AddressPoolTest {
    private static AddressPool pool(String range4) {
        return new AddressPool(AddressRange.parse("range", range4), Optional.empty());
    }

    @Test
    void networkGatewayAndBroadcastAreNeverGiven() {
        var pool = pool("10.0.0.0/29");
        var given = new ArrayList<String>();
        for (int i = 0; i < 5; i++) {
            given.add(AddressText.of(pool.take("pod" + i).address4()));
        }
        assertThat(given)
                .containsExactly("10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6");
        assertThatThrownBy(() -> pool.take("late"))
                .isInstanceOf(ResourceExhaustedException.class)
                .hasMessage("network range 10.0.0.0/29 has no free address: all 5 are taken");
    }

    @Test
    void freedAddressRestsBeforeItIsGivenAgain() {
        var pool = pool("10.0.0.0/24");
        Lease first = pool.take("a");
        pool.release("a", first.address4());
        assertThat(AddressText.of(pool.take("b").address4())).isEqualTo("10.0.0.3");
    }

    @Test
    void onlyTheOwnerCanRelease() {
        var pool = pool("10.0.0.0/30");
        Lease lease = pool.take("a");
        pool.release("b", lease.address4());
        assertThatThrownBy(() -> pool.take("b")).isInstanceOf(ResourceExhaustedException.class);
    }

    @Test
    void bothFamiliesShareANumber() {
        var pool =
                new AddressPool(
                        AddressRange.parse("range", "10.1.0.0/16"),
                        Optional.of(AddressRange.parse("range", "fd00:1::/112")));
        Lease lease = pool.take("a");
        assertThat(AddressText.of(lease.address4())).isEqualTo("10.1.0.2");
        assertThat(AddressText.of(lease.address6().orElseThrow())).isEqualTo("fd00:1::2");
    }

    /// Random life with crashes: after each, a new pool learns from the records what is taken.
    @Test
    void noAddressIsEverHeldTwice() {
        var random = new Random(7);
        var pool = pool("10.0.0.0/26");
        Map<String, InetAddress> records = new HashMap<>();
        for (int step = 0; step < 20_000; step++) {
            int what = random.nextInt(100);
            if (what < 55) {
                String id = "pod" + step;
                try {
                    InetAddress address = pool.take(id).address4();
                    assertThat(records.values()).doesNotContain(address);
                    records.put(id, address);
                } catch (ResourceExhaustedException full) {
                    assertThat(records).as("full only when full").hasSize(61);
                }
            } else if (what < 99 && !records.isEmpty()) {
                String id =
                        records.keySet().stream()
                                .skip(random.nextInt(records.size()))
                                .findFirst()
                                .orElseThrow();
                pool.release(id, records.getOrDefault(id, pool.gateway4()));
                records.remove(id);
            } else {
                pool = pool("10.0.0.0/26");
                for (var record : records.entrySet()) {
                    assertThat(pool.claim(record.getKey(), record.getValue())).isTrue();
                }
                assertThat(pool.taken()).isEqualTo(records.size());
            }
        }
    }

    @Test
    void threadsNeverGetTheSame() throws Exception {
        var pool = pool("10.0.0.0/20");
        Set<InetAddress> all = ConcurrentHashMap.newKeySet();
        var doubles = new ConcurrentHashMap<InetAddress, Boolean>();
        var threads = new ArrayList<Thread>();
        for (int t = 0; t < 8; t++) {
            String owner = "t" + t;
            threads.add(
                    Thread.ofPlatform()
                            .start(() -> {
                                for (int i = 0; i < 400; i++) {
                                    InetAddress address = pool.take(owner + i).address4();
                                    if (!all.add(address)) {
                                        doubles.put(address, true);
                                    }
                                }
                            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(doubles).isEmpty();
        assertThat(all).hasSize(3200);
    }

    @Test
    void recordOfAnotherRangeIsNoHindrance() throws Exception {
        var pool = pool("10.0.0.0/24");
        assertThat(pool.claim("old", InetAddress.ofLiteral("192.168.0.7"))).isTrue();
        pool.release("old", InetAddress.ofLiteral("192.168.0.7"));
        assertThat(pool.claim("a", InetAddress.ofLiteral("10.0.0.7"))).isTrue();
        assertThat(pool.claim("b", InetAddress.ofLiteral("10.0.0.7"))).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "10.0.0.0|network range '10.0.0.0' is not a network like 10.88.0.0/16: a '/' and a prefix length are missing",
                "10.0.0/16|network range '10.0.0' is not an IP address",
                "host/16|network range 'host' is not an IP address",
                "10.0.0.0/x|network range '10.0.0.0/x' is not a network like 10.88.0.0/16: the prefix length is not a number",
                "10.0.0.0/33|network range '10.0.0.0/33' is not a network like 10.88.0.0/16: the prefix length is not in 0…32",
                "10.0.1.0/16|network range '10.0.1.0/16' is not a network like 10.88.0.0/16: host bits are set, did you mean 10.0.0.0",
                "10.0.0.0/31|network range 10.0.0.0/31 is not an IPv4 network of /8 to /30",
                "fd00::/64|network range fd00::/64 is not an IPv4 network of /8 to /30",
            })
    void wrongRangesAreExplained(String text, String message) {
        assertThatThrownBy(() ->
                        new AddressPool(
                                AddressRange.parse("network range", text), Optional.empty()))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessage(message);
    }

    @Test
    void rangesOfInstancesDiffer() {
        var seen = new HashSet<String>();
        for (String instance : List.of("", "a", "b", "3f9a01bc", "3f9a01bd")) {
            BridgeConfig config = BridgeConfig.forInstance(instance);
            assertThat(AddressRange.parse("range", config.range4()).isIpv4()).isTrue();
            assertThat(seen.add(config.bridge())).isTrue();
            assertThat(seen.add(config.table())).isTrue();
            assertThat(seen.add(config.range4())).isTrue();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "fd77:1:0:0:0:0:0:2, fd77:1::2",
        "0:0:0:0:0:0:0:0, ::",
        "0:0:0:0:0:0:0:1, ::1",
        "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
        "2001:0:0:1:0:0:0:1, 2001:0:0:1::1",
        "fe80:0:0:0:0:0:0:0, fe80::",
        "10.0.0.1, 10.0.0.1",
    })
    void addressesAreWrittenAsTheStandardWants(String address, String text) {
        assertThat(AddressText.of(InetAddress.ofLiteral(address))).isEqualTo(text);
    }
}
