package io.carpel.agent.cli;

import io.carpel.agent.cli.manifest.NodeFacts;
import io.carpel.agent.config.AgentConfig;
import io.carpel.agent.config.ConfigKeys;
import io.carpel.agent.config.ConfigLoader;
import io.carpel.cri.DNSConfig;
import io.carpel.cri.ListPodSandboxRequest;
import io.carpel.cri.PodSandboxStatusRequest;
import io.carpel.cri.StatusRequest;
import io.carpel.cri.UserNamespace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/// Learns from the node and its agent what a pod's mapping needs.
final class NodeProbe {
    private static final Duration DEADLINE = Duration.ofSeconds(30);

    /// Below it are the host's own users; the kubelet begins here as well.
    private static final long FIRST_RANGE = NodeFacts.IDS_PER_POD;

    private static final long LAST_ID = 0xFFFF_FFFFL;

    private final CriClient client;

    NodeProbe(CriClient client) {
        this.client = client;
    }

    /// The directory of everything `carpel run` keeps for its pods.
    Path podsDirectory() {
        String config =
                client.runtime(DEADLINE)
                        .status(StatusRequest.newBuilder().setVerbose(true).build())
                        .getInfoOrDefault("config", "{}");
        String state;
        try {
            state = JsonMapper.shared().readTree(config).path("stateDir").asString("");
        } catch (JacksonException e) {
            throw new CliException("the agent's status cannot be read: " + e.getMessage(), e);
        }
        Path directory =
                state.isEmpty() ? configuration().get(ConfigKeys.STATE_DIR) : Path.of(state);
        return directory.resolve("pods");
    }

    NodeFacts facts(String uid, boolean userNamespace) {
        return new NodeFacts(
                readLine("/proc/sys/kernel/hostname"),
                memory(),
                resolvConf(),
                userNamespace ? freeRange() : 0,
                podsDirectory().resolve(uid));
    }

    private static AgentConfig configuration() {
        return new ConfigLoader(System.getenv()).load(Map.of());
    }

    private static long memory() {
        return readLines("/proc/meminfo").stream()
                .filter(line -> line.startsWith("MemTotal:"))
                .map(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                .findFirst()
                .orElseThrow(() -> new CliException("/proc/meminfo has no MemTotal"));
    }

    private static DNSConfig resolvConf() {
        return parseResolvConf(readLines("/etc/resolv.conf"));
    }

    static DNSConfig parseResolvConf(List<String> lines) {
        DNSConfig.Builder out = DNSConfig.newBuilder();
        for (String line : lines) {
            List<String> words = List.of(line.replaceAll("[#;].*", "").strip().split("\\s+"));
            List<String> values = words.subList(1, words.size());
            switch (words.getFirst()) {
                case "nameserver" -> out.addAllServers(values);
                // The last such line counts, resolv.conf(5).
                case "search", "domain" -> out.clearSearches().addAllSearches(values);
                case "options" -> out.addAllOptions(values);
                default -> {}
            }
        }
        return out.build();
    }

    /// The first block of ids that belongs to the configured user, or to nobody when that user has
    /// none, and that no pod uses.
    private long freeRange() {
        String user = configuration().get(ConfigKeys.SUBID_USER);
        Optional<long[]> uids = range(Path.of("/etc/subuid"), user);
        Optional<long[]> gids = range(Path.of("/etc/subgid"), user);
        long from = FIRST_RANGE;
        long to = LAST_ID;
        if (uids.isPresent() && gids.isPresent()) {
            from = Math.max(uids.get()[0], gids.get()[0]);
            to = Math.min(uids.get()[1], gids.get()[1]);
        }
        return firstFree(from, to, usedRanges())
                .orElseThrow(() ->
                        new CliException(
                                "no %d free ids are left for user %s in /etc/subuid and"
                                                .formatted(NodeFacts.IDS_PER_POD, user)
                                        + " /etc/subgid"));
    }

    static Optional<Long> firstFree(long from, long to, Set<Long> used) {
        for (long at = from; at + NodeFacts.IDS_PER_POD <= to; at += NodeFacts.IDS_PER_POD) {
            long low = at;
            boolean taken =
                    used.stream()
                            .anyMatch(start ->
                                    start < low + NodeFacts.IDS_PER_POD
                                            && low < start + NodeFacts.IDS_PER_POD);
            if (!taken) {
                return Optional.of(at);
            }
        }
        return Optional.empty();
    }

    private Set<Long> usedRanges() {
        Set<Long> used = new HashSet<>();
        client.runtime(DEADLINE)
                .listPodSandbox(ListPodSandboxRequest.getDefaultInstance())
                .getItemsList()
                .forEach(item -> users(item.getId()).ifPresent(used::add));
        return used;
    }

    private Optional<Long> users(String sandbox) {
        try {
            UserNamespace users =
                    client.runtime(DEADLINE)
                            .podSandboxStatus(
                                    PodSandboxStatusRequest.newBuilder()
                                            .setPodSandboxId(sandbox)
                                            .build())
                            .getStatus()
                            .getLinux()
                            .getNamespaces()
                            .getOptions()
                            .getUsernsOptions();
            return users.getUidsList().stream()
                    .findFirst()
                    .map(map -> Integer.toUnsignedLong(map.getHostId()));
        } catch (io.grpc.StatusRuntimeException e) {
            if (e.getStatus().getCode() == io.grpc.Status.Code.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /// First and last+1 id of the user's first line in subuid(5).
    private static Optional<long[]> range(Path file, String user) {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        return readLines(file.toString()).stream()
                .map(line -> line.split(":", -1))
                .filter(part -> part.length == 3 && part[0].equals(user))
                .map(part -> {
                    long start = Long.parseLong(part[1].strip());
                    return new long[] {start, start + Long.parseLong(part[2].strip())};
                })
                .findFirst();
    }

    private static String readLine(String file) {
        List<String> lines = readLines(file);
        return lines.isEmpty() ? "" : lines.getFirst().strip();
    }

    private static List<String> readLines(String file) {
        try {
            return Files.readAllLines(Path.of(file));
        } catch (IOException e) {
            throw new CliException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }
}
