package io.carpel.agent.cli.ns;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// What procfs tells about namespaces. A process that ends meanwhile is as if it had never been.
public final class ProcReader {
    /// The kinds that are shown, by their names in /proc/PID/ns.
    public static final List<String> KINDS =
            List.of("net", "ipc", "uts", "pid", "mnt", "user", "cgroup");

    private static final Pattern LINK = Pattern.compile("[a-z_]+:\\[(\\d+)\\]");

    private final Path proc;

    public ProcReader(Path proc) {
        this.proc = proc;
    }

    /// A process as seen from outside and from inside.
    ///
    /// @param inside its pids from the host's namespace inwards, without the host's
    public record Member(long pid, List<Long> inside, String command) {
        public Member {
            inside = List.copyOf(inside);
        }
    }

    /// One line of uid_map or gid_map.
    public record IdRange(long inside, long outside, long length) {}

    /// Kind → inode of a process; empty when it is gone.
    public Map<String, Long> namespaces(long pid) {
        Map<String, Long> found = new LinkedHashMap<>();
        for (String kind : KINDS) {
            namespace(pid, kind).ifPresent(inode -> found.put(kind, inode));
        }
        return found;
    }

    private Optional<Long> namespace(long pid, String kind) {
        try {
            String target = Files.readSymbolicLink(proc.resolve(pid + "/ns/" + kind)).toString();
            Matcher link = LINK.matcher(target);
            return link.matches() ? Optional.of(Long.valueOf(link.group(1))) : Optional.empty();
        } catch (IOException _) {
            return Optional.empty();
        }
    }

    /// All processes by the inode of their mount namespace, which no two containers share.
    public Map<Long, List<Member>> processesByMountNamespace() {
        Map<Long, List<Member>> all = new LinkedHashMap<>();
        try (Stream<Path> entries = Files.list(proc)) {
            List<Long> pids =
                    entries.map(path -> path.getFileName().toString())
                            .filter(name -> name.matches("\\d+"))
                            .map(Long::valueOf)
                            .sorted()
                            .toList();
            for (long pid : pids) {
                namespace(pid, "mnt")
                        .ifPresent(inode ->
                                member(pid)
                                        .ifPresent(member ->
                                                all.computeIfAbsent(inode, _ -> new ArrayList<>())
                                                        .add(member)));
            }
        } catch (IOException _) {
            return Map.of();
        }
        return all;
    }

    private Optional<Member> member(long pid) {
        try {
            List<Long> inside =
                    Files.readAllLines(proc.resolve(pid + "/status")).stream()
                            .filter(line -> line.startsWith("NSpid:"))
                            .flatMap(line -> Arrays.stream(line.substring(6).strip().split("\\s+")))
                            .map(Long::valueOf)
                            .skip(1)
                            .toList();
            String command = Files.readString(proc.resolve(pid + "/comm")).strip();
            return Optional.of(new Member(pid, inside, command));
        } catch (IOException _) {
            return Optional.empty();
        }
    }

    /// @param file `uid_map` or `gid_map`
    public List<IdRange> map(long pid, String file) {
        try {
            return Files.readAllLines(proc.resolve(pid + "/" + file)).stream()
                    .map(line -> line.strip().split("\\s+"))
                    .filter(part -> part.length == 3)
                    .map(part ->
                            new IdRange(
                                    Long.parseLong(part[0]),
                                    Long.parseLong(part[1]),
                                    Long.parseLong(part[2])))
                    .toList();
        } catch (IOException _) {
            return List.of();
        }
    }
}
