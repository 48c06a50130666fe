package io.carpel.runtime.host;

import io.carpel.runtime.error.CancelledException;
import io.carpel.runtime.error.DeadlineExceededException;
import io.carpel.runtime.launch.HostProgram;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Runs a program for whoever called this process, in his own environment: the service manager's
/// for an administrator.
public final class HostCommand {
    private static final int SHOWN = 16 << 10;

    private HostCommand() {}

    /// How it ended.
    ///
    /// @param output the beginning of what it wrote: standard output, then standard error
    public record Result(int exitCode, String output) {}

    /// Runs it without input, in the root directory, and kills it with its children after the time.
    ///
    /// @param command the program, looked up in `PATH` when it is a mere name, then its arguments
    /// @param timeout at most so long
    /// @throws IOException when it cannot be started, took too long, or the thread was interrupted
    public static Result run(List<String> command, Duration timeout) throws IOException {
        try {
            HostProgram.Output output =
                    HostProgram.run(command, System.getenv(), new byte[0], timeout);
            return new Result(output.exitCode(), written(output));
        } catch (DeadlineExceededException | CancelledException e) {
            throw new IOException(command.getFirst() + " " + e.getMessage(), e);
        }
    }

    private static String written(HostProgram.Output output) {
        String stdout = new String(output.stdout().toArray(), StandardCharsets.UTF_8).strip();
        String all =
                Stream.of(stdout, output.stderr())
                        .filter(text -> !text.isEmpty())
                        .collect(Collectors.joining("\n"));
        return all.length() > SHOWN ? all.substring(0, SHOWN) : all;
    }
}
