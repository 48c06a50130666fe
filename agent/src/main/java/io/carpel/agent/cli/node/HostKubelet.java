package io.carpel.agent.cli.node;

import io.carpel.runtime.host.HostCommand;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// [KubeletService] by commands of the host: systemctl, or a program of the administrator's that is
/// called with `stop` or `start`.
public final class HostKubelet implements KubeletService {
    /// systemd itself gives a unit 90 s to end.
    private static final Duration TIMEOUT = Duration.ofMinutes(3);

    private final Path root;
    private final List<String> command;

    /// @param root the host's root directory, entered by chroot when it is not ours
    /// @param command program and arguments before the verb; empty: the systemd unit
    ///   kubelet.service
    public HostKubelet(Path root, List<String> command) {
        this.root = root;
        this.command = List.copyOf(command);
    }

    @Override
    public void stop() {
        if (command.isEmpty()) {
            run(List.of("systemctl", "stop", "kubelet.service"));
        } else {
            runOwn("stop");
        }
    }

    @Override
    public void start() {
        if (command.isEmpty()) {
            run(List.of("systemctl", "daemon-reload"));
            run(List.of("systemctl", "start", "kubelet.service"));
        } else {
            runOwn("start");
        }
    }

    private void runOwn(String verb) {
        List<String> words = new ArrayList<>(command);
        words.add(verb);
        run(words);
    }

    private void run(List<String> words) {
        List<String> whole = new ArrayList<>();
        if (!root.equals(Path.of("/"))) {
            whole.addAll(List.of("chroot", root.toString()));
        }
        whole.addAll(words);
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
