package io.carpel.runtime.cgroup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Processes that tests put into groups; killed in the end.
final class GroupProcesses implements AutoCloseable {
    private final List<Process> processes = new ArrayList<>();

    /// A shell in the group; the script runs only after it has joined.
    Process start(Cgroup group, String script) throws IOException {
        var join = new StringBuilder();
        var files = new ArrayList<Path>(group.taskFiles());
        group.v2Dir().ifPresent(dir -> files.add(dir.resolve("cgroup.procs")));
        for (Path file : files) {
            join.append("echo 0 > ").append(file).append(" || exit 99; ");
        }
        Process process =
                new ProcessBuilder("busybox", "sh", "-c", join + script)
                        .redirectErrorStream(true)
                        .start();
        processes.add(process);
        return process;
    }

    /// All that the shell in the group writes until it ends.
    String output(Cgroup group, String script) throws IOException {
        return output(start(group, script));
    }

    static String output(Process process) throws IOException {
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    }

    @Override
    public void close() {
        processes.forEach(Process::destroyForcibly);
    }
}
