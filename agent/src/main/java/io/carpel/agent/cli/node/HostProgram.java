package io.carpel.agent.cli.node;

import io.carpel.runtime.host.HostCommand;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// A program of the host that is called with different last words.
///
/// @param root the host's root directory, entered by chroot when it is not ours
/// @param command program and arguments before the last words
public record HostProgram(Path root, List<String> command) {
    /// systemd itself gives a unit 90 s to end.
    private static final Duration TIMEOUT = Duration.ofMinutes(3);

    public HostProgram {
        command = List.copyOf(command);
    }

    /// @throws NodeException when it cannot be run, takes too long or ends with another code than
    ///   0; with what it wrote
    public void run(String... last) {
        List<String> whole = new ArrayList<>();
        if (!root.equals(Path.of("/"))) {
            whole.addAll(List.of("chroot", root.toString()));
        }
        whole.addAll(command);
        whole.addAll(List.of(last));
        try {
            HostCommand.Result result = HostCommand.run(whole, TIMEOUT);
            if (result.exitCode() != 0) {
                throw new NodeException(
                        "%s ended with code %d: %s"
                                .formatted(
                                        String.join(" ", whole),
                                        result.exitCode(),
                                        result.output()));
            }
        } catch (IOException e) {
            throw new NodeException(
                    "cannot run " + String.join(" ", whole) + ": " + e.getMessage(), e);
        }
    }
}
