package io.carpel.runtime.cgroup;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.systemd.Units;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;

/// Who makes the groups.
public enum CgroupDriver {
    /// We do, by mkdir(2) below the cgroup mounts.
    CGROUPFS,
    /// systemd does, as scopes in slices.
    SYSTEMD;

    /// What sd_booted(3) looks at.
    private static final Path BOOTED = Path.of("/run/systemd/system");

    /// The driver that an administrator names.
    ///
    /// @param name `cgroupfs`, `systemd` or `auto`: systemd where it is process 1, can be spoken to
    ///   and has cgroup v2, and cgroupfs elsewhere
    public static CgroupDriver named(String name) {
        return named(name, BOOTED, Units.SYSTEM_BUS, CgroupDriver::unified);
    }

    static CgroupDriver named(String name, Path booted, Path bus, BooleanSupplier unified) {
        return switch (name) {
            case "auto" ->
                    Files.isDirectory(booted) && Files.exists(bus) && unified.getAsBoolean()
                            ? SYSTEMD
                            : CGROUPFS;
            case "cgroupfs" -> CGROUPFS;
            case "systemd" -> SYSTEMD;
            default ->
                    throw new InvalidArgumentException(
                            "cgroup driver '%s' is none of auto, cgroupfs, systemd"
                                    .formatted(name));
        };
    }

    private static boolean unified() {
        try {
            return CgroupMounts.ofHost().mode() == CgroupMode.V2;
        } catch (IOException e) {
            throw new KernelFaultException("could not read the cgroup mounts", e);
        }
    }
}
