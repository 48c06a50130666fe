package io.carpel.runtime.host;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/// Runs a program of the host to its end, such as the service manager's.
public final class HostCommand {
    private static final int MAX_OUTPUT = 16 << 10;

    /// What has ended has written; only a child that it left behind can hold the pipe open.
    private static final Duration DRAIN = Duration.ofSeconds(1);

    private HostCommand() {}

    /// How it ended.
    ///
    /// @param output the beginning of what it wrote, standard output and error in one
    public record Result(int exitCode, String output) {}

    /// Runs it without input, in the root directory, and kills it after the time.
    ///
    /// @param timeout at most so long
    /// @throws IOException when it cannot be started, took too long, or the thread was interrupted
    public static Result run(List<String> command, Duration timeout) throws IOException {
        Process process =
                new ProcessBuilder(command)
                        .directory(Path.of("/").toFile())
                        .redirectErrorStream(true)
                        .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                        .start();
        AtomicReference<String> output = new AtomicReference<>("");
        Thread reader =
                Thread.ofPlatform()
                        .daemon()
                        .name("output of " + command.getFirst())
                        .start(() -> output.set(beginning(process)));
        try {
            if (!process.waitFor(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
                throw new IOException(
                        "%s did not end within %d s".formatted(command, timeout.toSeconds()));
            }
            reader.join(DRAIN);
            return new Result(process.exitValue(), output.get().strip());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while " + command + " ran", e);
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    private static String beginning(Process process) {
        try (InputStream in = process.getInputStream()) {
            String kept = new String(in.readNBytes(MAX_OUTPUT), StandardCharsets.UTF_8);
            in.transferTo(java.io.OutputStream.nullOutputStream());
            return kept;
        } catch (IOException _) {
            // Closed at the end of the process.
            return "";
        }
    }
}
