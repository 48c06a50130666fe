package io.carpel.runtime.stats;

/// What passed one network interface.
public record InterfaceStats(
        String name,
        long receivedBytes,
        long receivedPackets,
        long receiveErrors,
        long receiveDrops,
        long sentBytes,
        long sentPackets,
        long sendErrors,
        long sendDrops) {}
