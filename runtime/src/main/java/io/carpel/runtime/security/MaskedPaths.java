package io.carpel.runtime.security;

import java.util.List;

/// Paths of `/proc` and `/sys` that containers have no business with.
public final class MaskedPaths {
    private static final List<String> MASKED =
            List.of(
                    "/proc/acpi",
                    "/proc/asound",
                    "/proc/interrupts",
                    "/proc/kcore",
                    "/proc/keys",
                    "/proc/latency_stats",
                    "/proc/sched_debug",
                    "/proc/scsi",
                    "/proc/timer_list",
                    "/proc/timer_stats",
                    "/sys/devices/virtual/powercap",
                    "/sys/firmware");

    private static final List<String> READONLY =
            List.of("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger");

    private MaskedPaths() {}

    /// Made unreadable unless the spec lists its own.
    public static List<String> masked() {
        return MASKED;
    }

    /// Made read-only unless the spec lists its own.
    public static List<String> readonly() {
        return READONLY;
    }
}
