package io.carpel.runtime.network.bridge;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// Builds one netlink message: header, fixed part, attributes (netlink(7), `linux/netlink.h`).
///
/// Numbers are in the host's byte order; addresses are given as bytes.
final class NetlinkRequest {
    static final int HEADER_SIZE = 16;

    /// Far more than any request here needs.
    private static final int CAPACITY = 1024;

    /// To be set in the type of an attribute that holds others.
    static final int NESTED = 0x8000;

    private static final int SEQUENCE_AT = 8;

    private final ByteBuffer buffer = ByteBuffer.allocate(CAPACITY).order(ByteOrder.nativeOrder());
    private final String subject;

    /// @param subject what the request is about, for error messages
    NetlinkRequest(String subject, int type, int flags) {
        this.subject = subject;
        buffer.putInt(0).putShort((short) type).putShort((short) flags).putInt(0).putInt(0);
    }

    String subject() {
        return subject;
    }

    /// `struct ifinfomsg`.
    NetlinkRequest linkHeader(int index, int flags, int changedFlags) {
        buffer.put((byte) 0).put((byte) 0).putShort((short) 0);
        buffer.putInt(index).putInt(flags).putInt(changedFlags);
        return this;
    }

    /// A fixed part given byte by byte (`struct ifaddrmsg`, `struct rtmsg` and their like).
    NetlinkRequest fixed(int... bytes) {
        for (int b : bytes) {
            buffer.put((byte) b);
        }
        return this;
    }

    NetlinkRequest fixedInt(int value) {
        buffer.putInt(value);
        return this;
    }

    NetlinkRequest attribute(int type, byte[] value) {
        buffer.putShort((short) (4 + value.length)).putShort((short) type).put(value);
        return pad();
    }

    NetlinkRequest attribute(int type, int value) {
        buffer.putShort((short) 8).putShort((short) type).putInt(value);
        return this;
    }

    /// A string with its terminating zero.
    NetlinkRequest attribute(int type, String value) {
        return attribute(type, (value + '\0').getBytes(StandardCharsets.US_ASCII));
    }

    /// An attribute that holds what `content` writes.
    NetlinkRequest nested(int type, Runnable content) {
        int start = buffer.position();
        buffer.putShort((short) 0).putShort((short) (type | NESTED));
        content.run();
        buffer.putShort(start, (short) (buffer.position() - start));
        return this;
    }

    /// Like [#nested] but without the nested flag, for attributes older than the flag whose parser
    /// compares the type exactly.
    NetlinkRequest nestedPlain(int type, Runnable content) {
        int start = buffer.position();
        nested(type, content);
        buffer.putShort(start + 2, (short) type);
        return this;
    }

    private NetlinkRequest pad() {
        while (buffer.position() % 4 != 0) {
            buffer.put((byte) 0);
        }
        return this;
    }

    /// The finished message with this sequence number.
    byte[] encode(int sequence) {
        buffer.putInt(0, buffer.position());
        buffer.putInt(SEQUENCE_AT, sequence);
        byte[] message = new byte[buffer.position()];
        buffer.get(0, message);
        return message;
    }
}
