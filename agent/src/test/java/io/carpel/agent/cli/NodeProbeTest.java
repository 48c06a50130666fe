package io.carpel.agent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.cri.DNSConfig;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class NodeProbeTest {
    @Test
    void resolvConf() {
        DNSConfig dns =
                NodeProbe.parseResolvConf(
                        List.of(
                                "# written by hand",
                                "nameserver 192.0.2.1 # first",
                                "domain old.example",
                                "search a.example b.example",
                                "options ndots:2 edns0",
                                "",
                                "nameserver 192.0.2.2"));
        assertThat(dns.getServersList()).containsExactly("192.0.2.1", "192.0.2.2");
        assertThat(dns.getSearchesList()).containsExactly("a.example", "b.example");
        assertThat(dns.getOptionsList()).containsExactly("ndots:2", "edns0");
    }

    @Test
    void aFreeBlockOverlapsNone() {
        long block = 65536;
        assertThat(NodeProbe.firstFree(block, 10 * block, Set.of())).contains(block);
        assertThat(NodeProbe.firstFree(block, 10 * block, Set.of(block, 2 * block)))
                .contains(3 * block);
        assertThat(NodeProbe.firstFree(block, 10 * block, Set.of(block + 1))).contains(3 * block);
        assertThat(NodeProbe.firstFree(block, 3 * block, Set.of(block, 2 * block))).isEmpty();
        assertThat(NodeProbe.firstFree(block, 2 * block - 1, Set.of())).isEmpty();
    }
}
