package io.carpel.runtime.network.bridge;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.ResourceExhaustedException;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// Which addresses of the range are taken, in memory; the attachment records are the memory that
/// survives, and [#claim] feeds them back at start.
///
/// One number names a sandbox's address in both families. Numbers are given out in a circle, so
/// that a freed address rests as long as possible: the veth that carried it may live some
/// milliseconds longer than the sandbox. Thread-safe.
final class AddressPool {
    private static final int MIN_HOST_BITS = 2;
    private static final int MAX_HOST_BITS = 24;

    /// 0 is the network itself, 1 the bridge.
    static final int GATEWAY = 1;

    private static final int FIRST = 2;

    private final AddressRange range4;
    private final Optional<AddressRange> range6;
    private final int end;
    private final Map<Integer, String> owners = new HashMap<>();
    private int next = FIRST;

    AddressPool(AddressRange range4, Optional<AddressRange> range6) {
        if (!range4.isIpv4()
                || range4.hostBits() < MIN_HOST_BITS
                || range4.hostBits() > MAX_HOST_BITS) {
            throw new InvalidArgumentException(
                    "network range %s is not an IPv4 network of /8 to /30".formatted(range4));
        }
        range6.ifPresent(range -> check6(range4, range));
        this.range4 = range4;
        this.range6 = range6;
        this.end = (1 << range4.hostBits()) - 1; // the last one is for broadcast
    }

    private static void check6(AddressRange range4, AddressRange range6) {
        if (range6.isIpv4() || range6.hostBits() < range4.hostBits()) {
            throw new InvalidArgumentException(
                    "network range %s is not an IPv6 network with room for as many addresses as %s"
                            .formatted(range6, range4));
        }
    }

    /// A sandbox's addresses.
    record Lease(InetAddress address4, Optional<InetAddress> address6) {}

    /// @throws ResourceExhaustedException when none is free
    synchronized Lease take(String owner) {
        for (int tried = FIRST; tried < end; tried++) {
            int candidate = next;
            next = candidate + 1 < end ? candidate + 1 : FIRST;
            if (owners.putIfAbsent(candidate, owner) == null) {
                int index = candidate;
                return new Lease(range4.at(index), range6.map(range -> range.at(index)));
            }
        }
        throw new ResourceExhaustedException(
                "network range %s has no free address: all %d are taken"
                        .formatted(range4, owners.size()));
    }

    /// Takes the address that a record names.
    ///
    /// @return false when another owner has it
    synchronized boolean claim(String owner, InetAddress address4) {
        if (!range4.contains(address4)) {
            return true; // of an earlier range: nobody can be given it twice
        }
        int index = (int) range4.indexOf(address4);
        String holder = owners.putIfAbsent(index, owner);
        // Go on behind the highest known, so that what was freed before a restart rests as well.
        if (index >= next) {
            next = index + 1 < end ? index + 1 : FIRST;
        }
        return holder == null || holder.equals(owner);
    }

    /// Gives it back; does nothing when `owner` does not hold it.
    synchronized void release(String owner, InetAddress address4) {
        if (range4.contains(address4)) {
            owners.remove((int) range4.indexOf(address4), owner);
        }
    }

    synchronized int taken() {
        return owners.size();
    }

    InetAddress gateway4() {
        return range4.at(GATEWAY);
    }

    Optional<InetAddress> gateway6() {
        return range6.map(range -> range.at(GATEWAY));
    }

    AddressRange range4() {
        return range4;
    }

    Optional<AddressRange> range6() {
        return range6;
    }
}
