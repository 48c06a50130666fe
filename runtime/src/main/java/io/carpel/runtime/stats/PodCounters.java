package io.carpel.runtime.stats;

import io.carpel.runtime.sandbox.Sandbox;
import java.util.List;

/// All that is counted of one pod, for monitoring.
///
/// @param interfaces of its network namespace, but `lo`; empty with the host's network
/// @param containers those that are created or run
public record PodCounters(
        Sandbox sandbox, List<InterfaceStats> interfaces, List<ContainerCounters> containers) {
    public PodCounters {
        interfaces = List.copyOf(interfaces);
        containers = List.copyOf(containers);
    }
}
