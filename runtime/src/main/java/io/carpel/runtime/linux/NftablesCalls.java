package io.carpel.runtime.linux;

import java.io.IOException;

/// The nftables of the calling thread's network namespace, by libnftables(3).
public interface NftablesCalls {
    /// Runs commands in nft(8)'s language as one transaction: all of them take effect or none.
    ///
    /// @return what they print; empty for most
    /// @throws NftablesException when they are refused; the message is the library's
    /// @throws IOException when the library is not there
    String run(String commands) throws IOException;

    /// The same, with what is printed as JSON (libnftables-json(5)), handles included.
    String runForJson(String commands) throws IOException;
}
