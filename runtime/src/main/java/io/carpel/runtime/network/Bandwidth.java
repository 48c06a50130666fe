package io.carpel.runtime.network;

import io.carpel.runtime.error.InvalidArgumentException;

/// Limits of the interface's traffic in bits per second and bits; 0 means no limit.
public record Bandwidth(long ingressRate, long ingressBurst, long egressRate, long egressBurst) {
    public Bandwidth {
        if (ingressRate < 0 || ingressBurst < 0 || egressRate < 0 || egressBurst < 0) {
            throw new InvalidArgumentException(
                    "bandwidth: rates and bursts must not be negative: %d, %d, %d, %d"
                            .formatted(ingressRate, ingressBurst, egressRate, egressBurst));
        }
    }
}
