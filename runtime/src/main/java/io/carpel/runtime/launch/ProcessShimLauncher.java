package io.carpel.runtime.launch;

import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.error.UnsupportedException;
import io.carpel.runtime.launch.ShimChannel.Frame;
import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.FileCalls;
import io.carpel.runtime.linux.LinuxFileCalls;
import io.carpel.runtime.linux.LinuxProcessCalls;
import io.carpel.runtime.linux.ProcessCalls;
import io.carpel.runtime.store.FullDisk;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// [ShimLauncher] by `posix_spawn` of the sealed program.
final class ProcessShimLauncher implements ShimLauncher {
    /// Preparing a container is mounts and namespaces; a hung file server must not hold us longer.
    private static final Duration LAUNCH_LIMIT = Duration.ofMinutes(2);

    /// What a shim that could not begin adds to errno as its exit status, see `main.c`.
    private static final int STATUS_ERRNO = 192;

    private final ProcessCalls processes;
    private final Fd program;
    private final Deadlines deadlines = new Deadlines();

    ProcessShimLauncher(ProcessCalls processes, Fd program) {
        this.processes = processes;
        this.program = program;
    }

    static ShimLauncher open() {
        String architecture =
                switch (System.getProperty("os.arch")) {
                    case "amd64" -> "x86_64";
                    case String other -> other;
                };
        String name = "carpel-shim-" + architecture;
        try (var in = ProcessShimLauncher.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new UnsupportedException(
                        "this build has no shim for architecture " + architecture);
            }
            return new ProcessShimLauncher(
                    new LinuxProcessCalls(), seal(new LinuxFileCalls(), in.readAllBytes()));
        } catch (IOException e) {
            throw new KernelFaultException("could not load the shim", e);
        }
    }

    private static Fd seal(FileCalls files, byte[] program) throws ErrnoException {
        Fd file = files.memfd("carpel-shim", true);
        try {
            files.writeFully(file, ByteBuffer.allocateDirect(program.length).put(program).flip());
            files.sealForever(file);
            return file;
        } catch (ErrnoException e) {
            file.close();
            throw e;
        }
    }

    @Override
    public ShimConnection launch(LaunchPlan plan) {
        return launchShim(plan, "container " + plan.id());
    }

    SocketShimConnection launchShim(LaunchPlan plan, String subject) {
        byte[] bytes = PlanWriter.write(plan.ops());
        try {
            spawn(plan, subject);
            try (var channel = reach(plan.socket());
                    var _ = channel.guard(LAUNCH_LIMIT)) {
                channel.send(Wire.LAUNCH, bytes);
                Frame frame = channel.read();
                if (frame.type() != Wire.CREATED) {
                    int operation = frame.data().getInt(frame.data().position());
                    throw MissingPart.or(
                            ShimChannel.failure(subject, frame), plan.ops(), operation);
                }
                int pid = frame.data().getInt();
                return new SocketShimConnection(
                        plan.id(), plan.socket(), plan.exitRecord(), pid, deadlines);
            }
        } catch (SocketTimeoutException | ClosedByInterruptException e) {
            // As below; what it has begun is seen to with the cgroup.
            throw ShimChannel.gone(subject, e);
        } catch (IOException e) {
            // A shim that has been connected to and left ends by itself and removes its socket.
            throw new KernelFaultException(subject + ": could not launch its shim", e);
        }
    }

    private ShimChannel reach(Path socket) throws IOException {
        try {
            return ShimChannel.connect(socket, deadlines);
        } catch (ClosedByInterruptException e) {
            dismiss(socket);
            throw e;
        }
    }

    /// Calls a shim and leaves, so that it does not go on waiting for its plan.
    private void dismiss(Path socket) {
        boolean interrupted = Thread.interrupted();
        try {
            ShimChannel.connect(socket, deadlines).close();
        } catch (IOException _) {
            // It has ended, or ends when nobody has called for a while.
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void spawn(LaunchPlan plan, String subject) throws IOException {
        Files.deleteIfExists(plan.socket());
        List<String> arguments = new ArrayList<>(List.of("carpel-shim", "shim"));
        arguments.add(plan.socket().toString());
        plan.shimCgroup().v2Dir().ifPresent(dir -> option(arguments, "--cgroup2", dir));
        plan.shimCgroup().taskFiles().forEach(file -> option(arguments, "--tasks", file));
        int status;
        try {
            status = processes.waitFor(processes.spawn(program(), arguments));
        } catch (ErrnoException e) {
            throw new KernelFaultException(subject + ": could not start its shim", e);
        }
        if (status > STATUS_ERRNO) {
            int errno = status - STATUS_ERRNO;
            throw FullDisk.failure(
                    "%s: its shim could not begin to listen at %s: %s"
                            .formatted(subject, plan.socket(), Errno.describe(errno)),
                    new ErrnoException("listen", plan.socket().toString(), errno));
        }
        if (status != 0) {
            throw new KernelFaultException(
                    "%s: its shim ended with %d before it listened at %s"
                            .formatted(subject, status, plan.socket()));
        }
    }

    /// Named through this process, since the child closes its own copy before it executes.
    private String program() {
        return "/proc/" + ProcessHandle.current().pid() + "/fd/" + program.number();
    }

    ProcessCalls processes() {
        return processes;
    }

    int spawnPlaceholder() {
        String self = Long.toString(ProcessHandle.current().pid());
        try {
            return processes.spawn(program(), List.of("carpel-shim", "hold", self));
        } catch (ErrnoException e) {
            throw new KernelFaultException("could not start a placeholder", e);
        }
    }

    /// A child that nobody has waited for, so that the number is still its own.
    void endPlaceholder(int pid) {
        try {
            processes.kill(pid, ProcessCalls.SIGKILL);
            processes.waitFor(pid);
        } catch (ErrnoException e) {
            throw new KernelFaultException("could not end placeholder " + pid, e);
        }
    }

    private static void option(List<String> arguments, String name, Path value) {
        arguments.add(name);
        arguments.add(value.toString());
    }

    @Override
    public ShimConnection connect(String id, Path socket, Path exitRecord) {
        return SocketShimConnection.find(id, socket, exitRecord, deadlines);
    }

    @Override
    public ShimConnection assume(String id, Path socket, Path exitRecord, int pid) {
        return new SocketShimConnection(id, socket, exitRecord, pid, deadlines);
    }

    @Override
    public HelperRoles helpers() {
        return new ShimHelperRoles(this);
    }

    @Override
    public void close() {
        program.close();
    }
}
