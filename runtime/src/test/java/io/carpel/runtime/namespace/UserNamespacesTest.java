package io.carpel.runtime.namespace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.spec.IdMapping;
import io.carpel.runtime.spec.NamespaceSpec;
import io.carpel.runtime.spec.PidMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UserNamespacesTest {
    @TempDir Path directory;

    private List<IdRange> ranges(String content) throws IOException {
        Path file = directory.resolve("subuid");
        Files.writeString(file, content);
        return UserNamespaces.ranges(file, "carpel");
    }

    @Test
    void readsRangesAndWritesMaps() throws IOException {
        List<IdRange> ranges = ranges("# ids\nroot:1:5\ncarpel:100000:65536\n\ncarpel:300000:10\n");
        assertThat(ranges).containsExactly(new IdRange(100_000, 65_536), new IdRange(300_000, 10));
        assertThat(
                        UserNamespaces.text(
                                List.of(
                                        new IdMapping(0, 100_000, 65_536),
                                        new IdMapping(65_536, 300_000, 10))))
                .isEqualTo("0 100000 65536\n65536 300000 10\n");
    }

    @Test
    void refusesWhatCannotBe() {
        for (String bad :
                List.of(
                        "carpel:1\n",
                        "carpel:x:1\n",
                        "carpel:1:0\n",
                        "carpel:4294967290:100\n",
                        "carpel:99999999999999999999:1\n",
                        "carpel:100:10\ncarpel:105:10\n")) {
            assertThatThrownBy(() -> ranges(bad))
                    .as(bad)
                    .isInstanceOf(InvalidArgumentException.class)
                    .hasMessageContaining("line");
        }
        assertThatThrownBy(() -> ranges("root:1:5\n"))
                .isInstanceOf(NotFoundException.class)
                .hasMessageContaining("carpel:100000:65536");
    }

    @Test
    void parametersBelongToOwnNamespaces() {
        var own = new NamespaceSpec(false, false, PidMode.CONTAINER, Optional.empty());
        Sysctls.check(Map.of("net.ipv4.tcp_syncookies", "1", "kernel.sem", "1 2\t3 4"), own);
        for (var each :
                Map.of(
                                "net.ipv4.ip_forward",
                                new NamespaceSpec(true, false, PidMode.HOST, Optional.empty()),
                                "kernel.shmmax",
                                new NamespaceSpec(false, true, PidMode.HOST, Optional.empty()),
                                "kernel.domainname",
                                new NamespaceSpec(true, false, PidMode.HOST, Optional.empty()))
                        .entrySet()) {
            assertThatThrownBy(() -> Sysctls.check(Map.of(each.getKey(), "1"), each.getValue()))
                    .isInstanceOf(InvalidArgumentException.class)
                    .hasMessageContaining(each.getKey());
        }
        for (String key :
                List.of(
                        "net",
                        "net/ipv4/x",
                        "net..x",
                        "net.ipv4.x+kernel.y",
                        "kernel.core_pattern",
                        "kernel.hostname",
                        "kernel.shmmaxx",
                        "fs.file-max",
                        "net.a b")) {
            assertThatThrownBy(() -> Sysctls.check(Map.of(key, "1"), own))
                    .as(key)
                    .isInstanceOf(InvalidArgumentException.class);
        }
        for (String value : List.of("", "1\n2", "1\0", "ü")) {
            assertThatThrownBy(() -> Sysctls.check(Map.of("kernel.shmmax", value), own))
                    .isInstanceOf(InvalidArgumentException.class);
        }
    }
}
