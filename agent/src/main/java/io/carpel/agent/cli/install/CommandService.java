package io.carpel.agent.cli.install;

import io.carpel.agent.cli.node.HostProgram;
import java.nio.file.Path;
import java.util.List;

/// A program of the administrator's that is called with `restart` or `stop`.
public final class CommandService implements HostService {
    private final HostProgram program;

    /// @param root the host's root directory, entered by chroot when it is not ours
    /// @param command program and arguments before the verb
    public CommandService(Path root, List<String> command) {
        this.program = new HostProgram(root, command);
    }

    /// A program that is not there fails when it is called.
    @Override
    public void require() {}

    @Override
    public boolean readsUnits() {
        return false;
    }

    @Override
    public void restart() {
        program.run("restart");
    }

    @Override
    public void stop() {
        program.run("stop");
    }

    @Override
    public void reload() {}
}
