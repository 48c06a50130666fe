package io.carpel.agent.cli.ns;

import io.carpel.agent.cli.ns.NamespaceView.Container;
import io.carpel.agent.cli.ns.NamespaceView.Pod;
import io.carpel.agent.cli.ns.NamespaceView.Shared;
import io.carpel.agent.cli.ns.ProcReader.IdRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/// The view for people: a table of inodes, who shares what, processes, id maps.
public final class NamespaceText {
    private NamespaceText() {}

    /// The rows of the table, the head first.
    public static List<List<String>> table(NamespaceView view) {
        List<List<String>> rows = new ArrayList<>();
        List<String> head = new ArrayList<>(List.of("POD", "CONTAINER", "STATE", "PID"));
        ProcReader.KINDS.forEach(kind -> head.add(kind.toUpperCase(Locale.ROOT)));
        rows.add(head);
        rows.add(row("(host)", "-", "-", 1, view.host(), Map.of()));
        for (Pod pod : view.pods()) {
            String name = pod.namespace() + "/" + pod.name();
            rows.add(row(name, "-", pod.state(), pod.pid(), pod.namespaces(), view.host()));
            for (Container container : pod.containers()) {
                rows.add(
                        row(
                                "",
                                container.name(),
                                container.state(),
                                container.pid(),
                                container.namespaces(),
                                view.host()));
            }
        }
        return rows;
    }

    private static List<String> row(
            String pod,
            String container,
            String state,
            long pid,
            Map<String, Long> namespaces,
            Map<String, Long> host) {
        List<String> cells =
                new ArrayList<>(List.of(pod, container, state, pid == 0 ? "-" : "" + pid));
        for (String kind : ProcReader.KINDS) {
            Long inode = namespaces.get(kind);
            cells.add(inode == null ? "-" : inode.equals(host.get(kind)) ? "host" : "" + inode);
        }
        return cells;
    }

    /// What follows the table.
    public static List<String> details(NamespaceView view) {
        List<String> lines = new ArrayList<>();
        List<Shared> shared = view.shared().stream().filter(one -> !isHostOnly(view, one)).toList();
        if (!shared.isEmpty()) {
            lines.add("");
            lines.add("SHARED");
            shared.forEach(one ->
                    lines.add(
                            "  %-6s %d  %s"
                                    .formatted(
                                            one.kind(),
                                            one.inode(),
                                            String.join(", ", one.members()))));
        }
        List<String> processes = new ArrayList<>();
        List<String> maps = new ArrayList<>();
        for (Pod pod : view.pods()) {
            for (Container container : pod.containers()) {
                String name = pod.name() + "/" + container.name();
                container
                        .processes()
                        .forEach(process ->
                                processes.add(
                                        "  %s  outside %d  inside %s  %s"
                                                .formatted(
                                                        name,
                                                        process.pid(),
                                                        inside(process.inside()),
                                                        process.command())));
                map(name, "uid", container.uids(), maps);
                map(name, "gid", container.gids(), maps);
            }
        }
        section(lines, "PROCESSES", processes);
        section(lines, "ID MAPS", maps);
        return lines;
    }

    private static boolean isHostOnly(NamespaceView view, Shared one) {
        return Long.valueOf(one.inode()).equals(view.host().get(one.kind()));
    }

    private static String inside(List<Long> pids) {
        return pids.isEmpty()
                ? "the same"
                : pids.stream().map(String::valueOf).collect(Collectors.joining(" > "));
    }

    private static void map(String name, String kind, List<IdRange> ranges, List<String> out) {
        for (IdRange range : ranges) {
            out.add(
                    "  %s  %s %d-%d inside is %d-%d outside"
                            .formatted(
                                    name,
                                    kind,
                                    range.inside(),
                                    range.inside() + range.length() - 1,
                                    range.outside(),
                                    range.outside() + range.length() - 1));
        }
    }

    private static void section(List<String> lines, String title, List<String> content) {
        if (!content.isEmpty()) {
            lines.add("");
            lines.add(title);
            lines.addAll(content);
        }
    }
}
