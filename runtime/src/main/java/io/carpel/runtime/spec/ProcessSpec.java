package io.carpel.runtime.spec;

import java.util.List;

/// The process to run, before the image's own configuration is merged in.
///
/// @param command replaces the image's entrypoint (and drops its arguments) when non-empty
/// @param args replaces the image's arguments when non-empty
/// @param env after the image's variables; the last of a name wins
/// @param workingDir empty means the image's, or `/`
/// @param tty a terminal as stdin, stdout and stderr
/// @param stdin keep standard input open for attach; otherwise it is `/dev/null`
/// @param stdinOnce close standard input when the first attached client leaves
public record ProcessSpec(
        List<String> command,
        List<String> args,
        List<EnvVar> env,
        String workingDir,
        UserSpec user,
        boolean tty,
        boolean stdin,
        boolean stdinOnce) {
    public ProcessSpec {
        command = List.copyOf(command);
        args = List.copyOf(args);
        env = List.copyOf(env);
    }

    ProcessSpec withoutWords() {
        return new ProcessSpec(
                List.of(), List.of(), List.of(), workingDir, user, tty, stdin, stdinOnce);
    }
}
