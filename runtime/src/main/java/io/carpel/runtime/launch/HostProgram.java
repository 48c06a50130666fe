package io.carpel.runtime.launch;

import io.carpel.runtime.error.CancelledException;
import io.carpel.runtime.error.DeadlineExceededException;
import io.carpel.runtime.spec.Bytes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/// One run of a program of the host, such as a network plugin or a credential helper: with an
/// environment of the caller's choice, bounded output and a deadline.
public final class HostProgram {
    /// A network plugin's result with hundreds of routes has some tens of kilobytes.
    private static final int MAX_STDOUT = 4 << 20;

    private static final int MAX_STDERR = 16 << 10;
    private static final String PATH =
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// After the program has ended its output is there; only a child that it left behind can keep
    /// the pipe open, and that is not waited for.
    private static final Duration DRAIN = Duration.ofSeconds(1);

    private HostProgram() {}

    /// What it printed and how it ended.
    ///
    /// @param stdoutCut whether there was more than is kept
    public record Output(int exitCode, Bytes stdout, boolean stdoutCut, String stderr) {}

    /// Runs a program to its end. When it takes longer than `timeout`, or the thread is
    /// interrupted, it is killed with all its children.
    ///
    /// @param command the program's path, then its arguments
    /// @param environment besides `PATH`, which it may replace
    /// @throws IOException when it cannot be started
    /// @throws DeadlineExceededException when it did not end in time
    /// @throws CancelledException when the thread was interrupted
    public static Output run(
            List<String> command, Map<String, String> environment, byte[] stdin, Duration timeout)
            throws IOException {
        var builder = new ProcessBuilder(command).directory(Path.of("/").toFile());
        builder.environment().clear();
        builder.environment().put("PATH", PATH);
        builder.environment().putAll(environment);
        Process process = builder.start();
        var stdout = new Collector("stdout", process.getInputStream(), MAX_STDOUT);
        var stderr = new Collector("stderr", process.getErrorStream(), MAX_STDERR);
        // On its own thread: a plugin that never reads must not hold us up past the deadline.
        Thread.ofPlatform().daemon().name("program stdin").start(() -> feed(process, stdin));
        boolean ended = false;
        try {
            ended = process.waitFor(timeout.toNanos(), TimeUnit.NANOSECONDS);
            if (!ended) {
                throw new DeadlineExceededException(
                        "did not end within %d ms and was killed%s"
                                .formatted(timeout.toMillis(), said(stderr.text())));
            }
            stdout.await(DRAIN);
            stderr.await(DRAIN);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancelledException("interrupted while it ran; it was killed", e);
        } finally {
            if (!ended) {
                kill(process);
            }
        }
        return new Output(
                process.exitValue(), Bytes.copyOf(stdout.bytes()), stdout.cut(), stderr.text());
    }

    /// What a program wrote to its standard error, for the end of a message.
    public static String said(String stderr) {
        return stderr.isEmpty() ? "" : "; it said: " + stderr;
    }

    private static void feed(Process process, byte[] stdin) {
        try (OutputStream out = process.getOutputStream()) {
            out.write(stdin);
        } catch (IOException _) {
            // It ended or closed its input without reading; its exit tells whether that was right.
        }
    }

    /// Children first, as they lose their parent with it; then whatever they have started
    /// meanwhile.
    private static void kill(Process process) {
        List<ProcessHandle> descendants = process.descendants().toList();
        while (!descendants.isEmpty()) {
            descendants.forEach(ProcessHandle::destroyForcibly);
            descendants =
                    descendants.stream()
                            .flatMap(ProcessHandle::descendants)
                            .filter(ProcessHandle::isAlive)
                            .toList();
        }
        process.destroyForcibly();
    }

    /// Reads a stream to its end and keeps its beginning.
    private static final class Collector {
        private final Thread thread;
        private final int limit;
        private final ReentrantLock lock = new ReentrantLock();
        private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
        private boolean cut;

        Collector(String name, InputStream in, int limit) {
            this.limit = limit;
            this.thread =
                    Thread.ofPlatform().daemon().name("program " + name).start(() -> readAll(in));
        }

        private void readAll(InputStream in) {
            byte[] buffer = new byte[8192];
            try (in) {
                for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                    keep(buffer, n);
                }
            } catch (IOException _) {
                // Closed under us at the end of the process: what came is what there is.
            }
        }

        private void keep(byte[] buffer, int length) {
            lock.lock();
            try {
                int room = Math.min(length, limit - kept.size());
                kept.write(buffer, 0, room);
                cut |= room < length;
            } finally {
                lock.unlock();
            }
        }

        void await(Duration timeout) throws InterruptedException {
            thread.join(timeout);
        }

        byte[] bytes() {
            lock.lock();
            try {
                return kept.toByteArray();
            } finally {
                lock.unlock();
            }
        }

        boolean cut() {
            lock.lock();
            try {
                return cut;
            } finally {
                lock.unlock();
            }
        }

        /// For an error message: on one line, without control characters.
        String text() {
            return new String(bytes(), StandardCharsets.UTF_8)
                    .replaceAll("[\\p{Cntrl}\\s]+", " ")
                    .strip();
        }
    }
}
