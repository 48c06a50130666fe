package io.carpel.runtime.linux;

import java.io.IOException;

/// The nftables of one network namespace, the one in which the first call is made, by
/// libnftables(3). Thread-safe; calls are made one after the other.
public interface NftablesCalls extends AutoCloseable {
    /// Runs commands in nft(8)'s language as one transaction: all of them take effect or none.
    ///
    /// @return what they print; empty for most
    /// @throws NftablesException when they are refused; the message is the library's
    /// @throws IOException when the library is not there
    String run(String commands) throws IOException;

    /// The same, with what is printed as JSON (libnftables-json(5)), handles included.
    String runForJson(String commands) throws IOException;

    /// Lets go of the library's context. A later call makes a new one.
    @Override
    void close();
}
