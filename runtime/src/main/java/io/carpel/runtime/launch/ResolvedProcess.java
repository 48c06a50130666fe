package io.carpel.runtime.launch;

import io.carpel.runtime.spec.Bytes;
import io.carpel.runtime.spec.EnvVar;
import io.carpel.runtime.spec.RlimitSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What is executed and as whom, with image, passwd and profiles already merged in.
///
/// @param argv at least one element
/// @param env exactly the variables the process gets, in order
/// @param workingDir absolute; made when absent
/// @param seccomp a BPF program (`struct sock_filter[]`); empty means none
/// @param streams how the standard streams are made
/// @param oomScoreAdj clamped to what the host allows
/// @param execLabel what the process becomes for a security module
public record ResolvedProcess(
        List<String> argv,
        List<EnvVar> env,
        String workingDir,
        Credentials credentials,
        boolean noNewPrivileges,
        Bytes seccomp,
        Streams streams,
        List<RlimitSpec> rlimits,
        Optional<Integer> oomScoreAdj,
        Optional<ExecLabel> execLabel) {
    public ResolvedProcess {
        argv = List.copyOf(argv);
        env = List.copyOf(env);
        rlimits = List.copyOf(rlimits);
    }

    /// The same credentials, limits and filter for another command: how an exec is made. With a
    /// terminal it is told what kind, unless the container says so itself.
    ///
    /// @param tty whether the command gets a terminal of its own
    /// @param stdin whether its input is fed by the session; otherwise it is `/dev/null`
    public ResolvedProcess withCommand(List<String> command, boolean tty, boolean stdin) {
        List<EnvVar> variables = new ArrayList<>(env);
        if (tty && env.stream().noneMatch(variable -> variable.name().equals("TERM"))) {
            variables.add(EnvVar.of("TERM", "xterm"));
        }
        return new ResolvedProcess(
                command,
                variables,
                workingDir,
                credentials,
                noNewPrivileges,
                seccomp,
                new Streams(tty, stdin, false),
                rlimits,
                oomScoreAdj,
                execLabel);
    }

    /// @param tty a terminal as stdin, stdout and stderr
    /// @param stdin keep input open for attach; otherwise it is `/dev/null`
    /// @param stdinOnce close input when the first attached client leaves
    public record Streams(boolean tty, boolean stdin, boolean stdinOnce) {
        public static Streams outputOnly() {
            return new Streams(false, false, false);
        }
    }
}
