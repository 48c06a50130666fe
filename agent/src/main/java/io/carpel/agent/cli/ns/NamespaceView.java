package io.carpel.agent.cli.ns;

import io.carpel.agent.cli.ns.ProcReader.IdRange;
import io.carpel.agent.cli.ns.ProcReader.Member;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The namespaces of all pods at one moment; also the shape of `carpel ns -o json`.
///
/// @param host kind → inode of the host's own
/// @param shared every namespace that has more than one member
public record NamespaceView(Map<String, Long> host, List<Pod> pods, List<Shared> shared) {
    /// @param pid of the pod's reaper; 0 when it has no process
    /// @param namespaces those that the pod holds, kind → inode
    public record Pod(
            String id,
            String namespace,
            String name,
            String state,
            long pid,
            Map<String, Long> namespaces,
            List<Container> containers) {
        public Pod {
            namespaces = Collections.unmodifiableMap(new LinkedHashMap<>(namespaces));
            containers = List.copyOf(containers);
        }
    }

    /// @param pid of its first process, seen from the host; 0 when it does not run
    /// @param uids the uid map of its user namespace; empty in the host's
    public record Container(
            String id,
            String name,
            String state,
            long pid,
            Map<String, Long> namespaces,
            List<Member> processes,
            List<IdRange> uids,
            List<IdRange> gids) {
        public Container {
            namespaces = Collections.unmodifiableMap(new LinkedHashMap<>(namespaces));
            processes = List.copyOf(processes);
            uids = List.copyOf(uids);
            gids = List.copyOf(gids);
        }
    }

    /// @param members `host`, pods as `pod NAME` and containers as `NAME/CONTAINER`
    public record Shared(String kind, long inode, List<String> members) {
        public Shared {
            members = List.copyOf(members);
        }
    }

    public NamespaceView {
        host = Collections.unmodifiableMap(new LinkedHashMap<>(host));
        pods = List.copyOf(pods);
        shared = List.copyOf(shared);
    }

    /// Finds out who shares what.
    public static NamespaceView of(Map<String, Long> host, List<Pod> pods) {
        List<Shared> shared = new ArrayList<>();
        for (String kind : ProcReader.KINDS) {
            Map<Long, List<String>> members = new LinkedHashMap<>();
            add(members, host.get(kind), "host");
            for (Pod pod : pods) {
                add(members, pod.namespaces().get(kind), "pod " + pod.name());
                for (Container container : pod.containers()) {
                    add(
                            members,
                            container.namespaces().get(kind),
                            pod.name() + "/" + container.name());
                }
            }
            members.forEach((inode, names) -> {
                if (names.size() > 1) {
                    shared.add(new Shared(kind, inode, names));
                }
            });
        }
        return new NamespaceView(host, pods, shared);
    }

    private static void add(
            Map<Long, List<String>> members,
            @org.jspecify.annotations.Nullable Long inode,
            String name) {
        if (inode != null) {
            members.computeIfAbsent(inode, _ -> new ArrayList<>()).add(name);
        }
    }
}
