package io.carpel.runtime.launch;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.Bytes;
import io.carpel.runtime.spec.EnvVar;
import io.carpel.runtime.spec.Printable;
import io.carpel.runtime.spec.RlimitSpec;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// The end of a plan: the prepared process becomes the one that was asked for. Shared by launch and
/// exec, so that both get the same credentials by the same steps.
final class ProcessPlanner {
    private static final String DEFAULT_PATH =
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    private static final int MAX_CANDIDATES = 256;

    /// asm-generic/resource.h, in the order of the numbers.
    private static final List<String> RESOURCES =
            List.of(
                    "CPU",
                    "FSIZE",
                    "DATA",
                    "STACK",
                    "CORE",
                    "RSS",
                    "NPROC",
                    "NOFILE",
                    "MEMLOCK",
                    "AS",
                    "LOCKS",
                    "SIGPENDING",
                    "MSGQUEUE",
                    "NICE",
                    "RTPRIO",
                    "RTTIME");

    private static final long SYS_ADMIN = 1L << 21;

    private ProcessPlanner() {}

    /// What is done before the gate.
    static List<Op> before(ResolvedProcess process) {
        List<Op> ops = new ArrayList<>();
        ops.add(new Op.WorkingDir(LaunchPlanner.inside(process.workingDir())));
        for (RlimitSpec limit : process.rlimits()) {
            ops.add(new Op.Rlimit(resource(limit.name()), limit.soft(), limit.hard()));
        }
        return ops;
    }

    /// What security modules are told about the program to come.
    static List<Op> label(ResolvedProcess process) {
        return process.execLabel().stream()
                .<Op>map(label -> new Op.ExecLabel(label.module().attribute(), label.text()))
                .toList();
    }

    /// Credentials, filter and program.
    ///
    /// A filter may be loaded by a process with no_new_privs or with CAP_SYS_ADMIN. In the second
    /// case that capability is kept up to the filter, so that the filter need allow nothing but
    /// `capset` and `execve`.
    static List<Op> execute(ResolvedProcess process) {
        List<Op> ops = new ArrayList<>();
        var credentials = process.credentials();
        var sets = credentials.capabilities();
        boolean late = process.seccomp().size() > 0 && !process.noNewPrivileges();
        long extra = late ? SYS_ADMIN : 0;
        ops.add(new Op.Bounding(sets.bounding()));
        ops.add(new Op.Identity(credentials.uid(), credentials.gid(), credentials.groups()));
        ops.add(
                new Op.Capabilities(
                        sets.effective() | extra, sets.permitted() | extra, sets.inheritable()));
        if (sets.ambient() != 0) {
            ops.add(new Op.Ambient(sets.ambient()));
        }
        if (process.noNewPrivileges()) {
            ops.add(new Op.NoNewPrivileges());
        }
        if (process.seccomp().size() > 0) {
            ops.add(new Op.Seccomp(process.seccomp()));
        }
        if (late && (sets.permitted() & SYS_ADMIN & sets.effective()) == 0) {
            ops.add(new Op.Capabilities(sets.effective(), sets.permitted(), sets.inheritable()));
        }
        ops.add(program(process));
        return ops;
    }

    private static Op program(ResolvedProcess process) {
        if (process.argv().isEmpty()) {
            throw new InvalidArgumentException("no command to execute");
        }
        List<Bytes> argv = process.argv().stream().map(text -> bytes("argument", text)).toList();
        List<Bytes> env = process.env().stream().map(ProcessPlanner::variable).toList();
        return new Op.Execute(argv, env, candidates(process));
    }

    private static Bytes bytes(String field, String text) {
        if (text.indexOf('\0') >= 0) {
            throw new InvalidArgumentException(
                    "%s '%s' holds a NUL character".formatted(field, Printable.of(text)));
        }
        return Bytes.utf8(text);
    }

    private static Bytes variable(EnvVar variable) {
        byte[] value = variable.value().toArray();
        for (byte b : value) {
            if (b == 0) {
                throw new InvalidArgumentException(
                        "environment variable %s holds a NUL character"
                                .formatted(Printable.of(variable.name())));
            }
        }
        var out = new ByteArrayOutputStream();
        out.writeBytes(bytes("environment variable", variable.name()).toArray());
        out.write('=');
        out.writeBytes(value);
        return Bytes.copyOf(out.toByteArray());
    }

    /// As execvp(3): a name with a slash is a path, any other is looked up in the container's own
    /// PATH. An empty element is the working directory.
    private static List<String> candidates(ResolvedProcess process) {
        String program = process.argv().getFirst();
        if (program.contains("/")) {
            return List.of(program);
        }
        if (program.isEmpty()) {
            throw new InvalidArgumentException("the command's name is empty");
        }
        String path =
                process.env().stream()
                        .filter(variable -> variable.name().equals("PATH"))
                        .reduce((_, last) -> last)
                        .map(last -> new String(last.value().toArray(), StandardCharsets.UTF_8))
                        .orElse(DEFAULT_PATH);
        List<String> candidates = new ArrayList<>();
        for (String directory : path.split(":", -1)) {
            if (candidates.size() < MAX_CANDIDATES) {
                candidates.add((directory.isEmpty() ? "." : directory) + "/" + program);
            }
        }
        return candidates;
    }

    private static int resource(String name) {
        int number = RESOURCES.indexOf(name.startsWith("RLIMIT_") ? name.substring(7) : name);
        if (number < 0) {
            throw new InvalidArgumentException(
                    "resource limit '%s' is not known".formatted(Printable.of(name)));
        }
        return number;
    }
}
