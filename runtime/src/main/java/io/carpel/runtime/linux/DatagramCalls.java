package io.carpel.runtime.linux;

/// Unix datagrams, which java.nio does not have.
public interface DatagramCalls {
    /// Sends one datagram and does not wait for room.
    ///
    /// @param address a path, or an abstract name that begins with `@`
    void send(String address, byte[] data) throws ErrnoException;
}
