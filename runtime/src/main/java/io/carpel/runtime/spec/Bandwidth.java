package io.carpel.runtime.spec;

import io.carpel.runtime.error.InvalidArgumentException;

/// Limits of a sandbox's traffic in bits per second, and how many bits may go at once; 0 means no
/// limit.
///
/// @param ingressRate of what comes in
/// @param egressRate of what goes out
public record Bandwidth(long ingressRate, long ingressBurst, long egressRate, long egressBurst) {
    public Bandwidth {
        if (ingressRate < 0 || ingressBurst < 0 || egressRate < 0 || egressBurst < 0) {
            throw new InvalidArgumentException(
                    "bandwidth: rates and bursts must not be negative: %d, %d, %d, %d"
                            .formatted(ingressRate, ingressBurst, egressRate, egressBurst));
        }
    }
}
