package io.carpel.runtime.stats;

import io.carpel.runtime.namespace.PodNamespaces;
import io.carpel.runtime.sandbox.Sandbox;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Reads the counters of a sandbox's interfaces (proc_pid_net(5)) from inside its network
/// namespace.
public final class InterfaceCounters {
    /// Of the thread: `/proc/self` would be the whole process's.
    private static final Path COUNTERS = Path.of("/proc/thread-self/net/dev");

    private static final int FIELDS = 16;

    private final PodNamespaces namespaces;

    public InterfaceCounters(PodNamespaces namespaces) {
        this.namespaces = namespaces;
    }

    /// By the sandbox's id. One with the host's network, or stopped meanwhile, is left out.
    Map<String, List<InterfaceStats>> readAll(List<Sandbox> sandboxes) {
        List<Sandbox> own = sandboxes.stream().filter(s -> s.pins().net().isPresent()).toList();
        if (own.isEmpty()) {
            return Map.of();
        }
        List<Optional<List<String>>> lines =
                namespaces.inEachNetwork(
                        own.stream().map(Sandbox::pins).toList(),
                        () -> Files.readAllLines(COUNTERS, StandardCharsets.ISO_8859_1));
        Map<String, List<InterfaceStats>> found = new HashMap<>();
        for (int at = 0; at < own.size(); at++) {
            String id = own.get(at).id();
            lines.get(at).ifPresent(some -> found.put(id, parse(some)));
        }
        return found;
    }

    /// The two lines of headings are told by having no colon before the first number.
    static List<InterfaceStats> parse(List<String> lines) {
        List<InterfaceStats> found = new ArrayList<>();
        for (String line : lines) {
            int colon = line.indexOf(':');
            if (colon < 0) {
                continue;
            }
            String name = line.substring(0, colon).strip();
            String[] n = line.substring(colon + 1).strip().split(" +", -1);
            if (n.length < FIELDS || name.equals("lo")) {
                continue;
            }
            found.add(
                    new InterfaceStats(
                            name,
                            Long.parseLong(n[0]),
                            Long.parseLong(n[1]),
                            Long.parseLong(n[2]),
                            Long.parseLong(n[3]),
                            Long.parseLong(n[8]),
                            Long.parseLong(n[9]),
                            Long.parseLong(n[10]),
                            Long.parseLong(n[11])));
        }
        return found;
    }
}
