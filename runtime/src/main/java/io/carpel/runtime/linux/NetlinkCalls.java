package io.carpel.runtime.linux;

/// Datagrams to and from the kernel's netlink families (netlink(7)).
///
/// A socket belongs to the network namespace in which its thread stood when it was opened, and may
/// afterwards be used from any thread.
public interface NetlinkCalls {
    /// Opens a socket with extended error messages (`NETLINK_EXT_ACK`, since 4.12) and a receive
    /// timeout, so that a lost answer is an error and not a hang.
    ///
    /// @param protocol such as [#NETLINK_ROUTE]
    Fd open(int protocol) throws ErrnoException;

    /// Sends one datagram, which may hold several messages, to the kernel.
    void send(Fd socket, byte[] messages) throws ErrnoException;

    /// Receives one datagram of the kernel; those of other senders are dropped.
    ///
    /// @return its length
    /// @throws ErrnoException EMSGSIZE when it does not fit, EAGAIN when none came in time
    int receive(Fd socket, byte[] buffer) throws ErrnoException;

    /// Links, addresses, routes (`linux/netlink.h`).
    int NETLINK_ROUTE = 0;

    /// Netfilter's tables, connection tracking among them (`linux/netlink.h`).
    int NETLINK_NETFILTER = 12;
}
