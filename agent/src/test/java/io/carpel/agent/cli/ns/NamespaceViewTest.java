package io.carpel.agent.cli.ns;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.agent.cli.ns.NamespaceView.Container;
import io.carpel.agent.cli.ns.NamespaceView.Pod;
import io.carpel.agent.cli.ns.NamespaceView.Shared;
import io.carpel.agent.cli.ns.ProcReader.IdRange;
import io.carpel.agent.cli.ns.ProcReader.Member;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NamespaceViewTest {
    @TempDir Path proc = Path.of("");

    private void process(long pid, String nsPid, Map<String, Long> namespaces) throws IOException {
        Path dir = Files.createDirectories(proc.resolve(pid + "/ns"));
        for (var entry : namespaces.entrySet()) {
            Files.createSymbolicLink(
                    dir.resolve(entry.getKey()),
                    Path.of(entry.getKey() + ":[" + entry.getValue() + "]"));
        }
        Files.writeString(
                proc.resolve(pid + "/status"), "Name:\tx\nNSpid:\t" + nsPid + "\nNSsid:\t0\n");
        Files.writeString(proc.resolve(pid + "/comm"), "sleep\n");
        Files.writeString(proc.resolve(pid + "/uid_map"), "         0     131072      65536\n");
    }

    private static Map<String, Long> all(long from) {
        Map<String, Long> found = new HashMap<>();
        ProcReader.KINDS.forEach(kind -> found.put(kind, from + found.size()));
        return found;
    }

    @Test
    void readsProcfs() throws IOException {
        process(1, "1", all(100));
        process(20, "20\t1", all(200));
        process(21, "21\t7\t1", all(200));
        Files.createDirectory(proc.resolve("22"));
        Files.createFile(proc.resolve("version"));
        ProcReader reader = new ProcReader(proc);

        assertThat(reader.namespaces(20)).isEqualTo(all(200));
        assertThat(reader.namespaces(99)).isEmpty();
        assertThat(reader.map(20, "uid_map")).containsExactly(new IdRange(0, 131072, 65536));
        Long mount = all(200).get("mnt");
        assertThat(reader.processesByMountNamespace().get(mount))
                .containsExactly(
                        new Member(20, List.of(1L), "sleep"),
                        new Member(21, List.of(7L, 1L), "sleep"));
    }

    private static NamespaceView example() {
        Map<String, Long> host = all(100);
        Map<String, Long> first = all(200);
        Map<String, Long> second = all(300);
        second.put("net", first.getOrDefault("net", 0L));
        second.put("user", host.getOrDefault("user", 0L));
        first.put("pid", host.getOrDefault("pid", 0L));
        return NamespaceView.of(
                host,
                List.of(
                        new Pod(
                                "abc",
                                "default",
                                "web",
                                "ready",
                                0,
                                Map.of("net", first.getOrDefault("net", 0L)),
                                List.of(
                                        new Container(
                                                "c1",
                                                "main",
                                                "running",
                                                20,
                                                first,
                                                List.of(new Member(20, List.of(), "sh")),
                                                List.of(new IdRange(0, 131072, 65536)),
                                                List.of()),
                                        new Container(
                                                "c2",
                                                "side",
                                                "running",
                                                30,
                                                second,
                                                List.of(new Member(30, List.of(1L), "sleep")),
                                                List.of(),
                                                List.of()),
                                        new Container(
                                                "c3", "done", "exited", 0, Map.of(), List.of(),
                                                List.of(), List.of())))));
    }

    @Test
    void findsWhoSharesWhat() {
        assertThat(example().shared())
                .containsExactly(
                        new Shared("net", 200, List.of("pod web", "web/main", "web/side")),
                        new Shared("pid", 103, List.of("host", "web/main")),
                        new Shared("user", 105, List.of("host", "web/side")));
    }

    @Test
    void tableAndDetails() {
        List<List<String>> rows = NamespaceText.table(example());
        assertThat(String.join(" ", rows.get(0)))
                .isEqualTo("POD CONTAINER STATE PID NET IPC UTS PID MNT USER CGROUP");
        assertThat(String.join(" ", rows.get(1)))
                .isEqualTo("(host) - - 1 100 101 102 103 104 105 106");
        assertThat(String.join(" ", rows.get(2)))
                .isEqualTo("default/web - ready - 200 - - - - - -");
        assertThat(String.join(" ", rows.get(3)))
                .isEqualTo(" main running 20 200 201 202 host 204 205 206");
        assertThat(String.join(" ", rows.get(4)))
                .isEqualTo(" side running 30 200 301 302 303 304 host 306");
        assertThat(String.join(" ", rows.get(5))).isEqualTo(" done exited - - - - - - - -");

        assertThat(NamespaceText.details(example()))
                .containsExactly(
                        "",
                        "SHARED",
                        "  net    200  pod web, web/main, web/side",
                        "",
                        "PROCESSES",
                        "  web/main  outside 20  inside the same  sh",
                        "  web/side  outside 30  inside 1  sleep",
                        "",
                        "ID MAPS",
                        "  web/main  uid 0-65535 inside is 131072-196607 outside");
    }
}
