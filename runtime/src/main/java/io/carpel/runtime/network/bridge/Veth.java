package io.carpel.runtime.network.bridge;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// The pair of interfaces between a sandbox and the bridge.
///
/// @param hostName on the host; derived from the sandbox's id, so that it can be found again
/// @param peerName inside the sandbox
/// @param address4 the sandbox's address, from which its hardware address follows
record Veth(String hostName, String peerName, InetAddress address4) {
    private static final String PREFIX = "cplv";

    /// `cplv` and these make the 15 bytes of an interface's name.
    private static final int DIGITS = 11;

    byte[] peerMac() {
        return macOf(address4);
    }

    static String hostNameOf(String sandboxId) {
        return PREFIX + HexFormat.of().formatHex(digest(sandboxId)).substring(0, DIGITS);
    }

    static byte[] digest(String text) {
        try {
            return MessageDigest.getInstance("SHA-256")
                    .digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java platform has it
        }
    }

    /// A locally administered hardware address that follows from the IPv4 address: when the address
    /// goes to another sandbox, neighbours' caches stay right.
    static byte[] macOf(InetAddress address4) {
        byte[] bytes = address4.getAddress();
        return new byte[] {0x02, 0x43, bytes[0], bytes[1], bytes[2], bytes[3]};
    }
}
