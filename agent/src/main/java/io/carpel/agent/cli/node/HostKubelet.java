package io.carpel.agent.cli.node;

import java.nio.file.Path;
import java.util.List;

/// [KubeletService] by commands of the host: systemctl, or a program of the administrator's that is
/// called with `stop` or `start`.
public final class HostKubelet implements KubeletService {
    private static final String UNIT = "kubelet.service";

    private final HostProgram systemctl;
    private final HostProgram own;

    /// @param root the host's root directory, entered by chroot when it is not ours
    /// @param command program and arguments before the verb; empty: the systemd unit
    ///   kubelet.service
    public HostKubelet(Path root, List<String> command) {
        this.systemctl = new HostProgram(root, List.of("systemctl"));
        this.own = new HostProgram(root, command);
    }

    @Override
    public void stop() {
        if (own.command().isEmpty()) {
            systemctl.run("stop", UNIT);
        } else {
            own.run("stop");
        }
    }

    @Override
    public void start() {
        if (own.command().isEmpty()) {
            systemctl.run("daemon-reload");
            systemctl.run("start", UNIT);
        } else {
            own.run("start");
        }
    }
}
