package io.carpel.agent.cli.install;

import io.carpel.agent.cli.node.NodeException;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.systemd.Units;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/// The host's systemd, over the host's message bus: no program of the host is needed.
public final class SystemdService implements HostService {
    static final String UNIT = "carpel.service";

    private final Path bus;

    /// @param root the host's root directory
    public SystemdService(Path root) {
        this.bus = root.resolve(Path.of("/").relativize(Units.SYSTEM_BUS));
    }

    @Override
    public void require() {
        if (!Files.exists(bus)) {
            throw new NodeException(
                    "this host has no systemd that listens at "
                            + bus
                            + ": start the agent by another service manager with --service-command,"
                            + " or yourself with --no-service");
        }
    }

    @Override
    public boolean readsUnits() {
        return true;
    }

    @Override
    public void restart() {
        asking(
                "restart",
                units -> {
                    units.reload();
                    units.restart(UNIT);
                });
    }

    @Override
    public void stop() {
        asking("stop", units -> units.stop(UNIT));
    }

    @Override
    public void reload() {
        asking("forget", Units::reload);
    }

    private void asking(String what, Consumer<Units> work) {
        require();
        try (Units units = Units.at(bus)) {
            work.accept(units);
        } catch (ContainerRuntimeException e) {
            throw new NodeException(
                    "cannot %s %s: %s (`journalctl -u carpel` on the node says more)"
                            .formatted(what, UNIT, e.getMessage()),
                    e);
        }
    }
}
