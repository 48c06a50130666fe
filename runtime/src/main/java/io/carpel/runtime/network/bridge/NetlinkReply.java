package io.carpel.runtime.network.bridge;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// One message of an answer. Lengths are checked against what has arrived before they are used.
///
/// @param payload what follows the header
record NetlinkReply(int type, int flags, int sequence, ByteBuffer payload) {
    static final int NLMSG_ERROR = 2;
    static final int NLMSG_DONE = 3;

    /// `NLM_F_CAPPED`: the error does not repeat the request's payload.
    private static final int NLM_F_CAPPED = 0x100;

    /// `NLM_F_ACK_TLVS`: the error is followed by attributes.
    private static final int NLM_F_ACK_TLVS = 0x200;

    private static final int NLMSGERR_ATTR_MSG = 1;
    private static final int NLA_TYPE_MASK = 0x3fff;
    private static final int ATTRIBUTE_HEADER = 4;

    /// The messages of a datagram.
    ///
    /// @throws IOException when a length does not fit
    static List<NetlinkReply> parse(byte[] data, int length) throws IOException {
        if (length < 0 || length > data.length) {
            throw new IOException("netlink answer: length " + length + " out of bounds");
        }
        var replies = new ArrayList<NetlinkReply>();
        int at = 0;
        while (at < length) {
            if (length - at < NetlinkRequest.HEADER_SIZE) {
                throw new IOException("netlink answer: header cut off at " + at);
            }
            var rest = slice(data, at, length - at);
            int size = rest.getInt(0);
            if (size < NetlinkRequest.HEADER_SIZE || size > length - at) {
                throw new IOException(
                        "netlink answer: message of %d bytes at %d of %d"
                                .formatted(size, at, length));
            }
            int payloadAt = at + NetlinkRequest.HEADER_SIZE;
            replies.add(
                    new NetlinkReply(
                            Short.toUnsignedInt(rest.getShort(4)),
                            Short.toUnsignedInt(rest.getShort(6)),
                            rest.getInt(8),
                            slice(data, payloadAt, size - NetlinkRequest.HEADER_SIZE)));
            at += align(size);
        }
        return replies;
    }

    /// The positive errno of an error message; 0 for an acknowledgement.
    int errno() throws IOException {
        if (payload.limit() < 4) {
            throw new IOException("netlink answer: error message cut off");
        }
        return -payload.getInt(0);
    }

    /// The kernel's explanation of an error; empty when it gives none.
    String explanation() throws IOException {
        if ((flags & NLM_F_ACK_TLVS) == 0 || payload.limit() < 4 + NetlinkRequest.HEADER_SIZE) {
            return "";
        }
        int echoed = (flags & NLM_F_CAPPED) != 0 ? NetlinkRequest.HEADER_SIZE : payload.getInt(4);
        if (echoed < NetlinkRequest.HEADER_SIZE || align(echoed) > payload.limit() - 4) {
            return "";
        }
        var text = attributes(4 + align(echoed)).get(NLMSGERR_ATTR_MSG);
        return text == null ? "" : string(text);
    }

    /// The attributes from this offset of the payload on, by type; of a repeated one the last.
    Map<Integer, ByteBuffer> attributes(int offset) throws IOException {
        return attributes(payload, offset);
    }

    /// The attributes inside an attribute.
    static Map<Integer, ByteBuffer> attributes(ByteBuffer data, int offset) throws IOException {
        var attributes = new HashMap<Integer, ByteBuffer>();
        int at = offset;
        while (data.limit() - at >= ATTRIBUTE_HEADER) {
            int size = Short.toUnsignedInt(data.getShort(at));
            if (size < ATTRIBUTE_HEADER || size > data.limit() - at) {
                throw new IOException(
                        "netlink answer: attribute of %d bytes at %d of %d"
                                .formatted(size, at, data.limit()));
            }
            int type = Short.toUnsignedInt(data.getShort(at + 2)) & NLA_TYPE_MASK;
            attributes.put(
                    type,
                    data.slice(at + ATTRIBUTE_HEADER, size - ATTRIBUTE_HEADER)
                            .order(ByteOrder.nativeOrder()));
            at += align(size);
        }
        return attributes;
    }

    /// A string attribute up to its terminating zero.
    static String string(ByteBuffer attribute) {
        byte[] bytes = bytes(attribute);
        int end = 0;
        while (end < bytes.length && bytes[end] != 0) {
            end++;
        }
        return new String(bytes, 0, end, StandardCharsets.UTF_8);
    }

    static byte[] bytes(ByteBuffer attribute) {
        byte[] bytes = new byte[attribute.limit()];
        attribute.get(0, bytes);
        return bytes;
    }

    private static ByteBuffer slice(byte[] data, int at, int length) {
        return ByteBuffer.wrap(data, at, length).slice().order(ByteOrder.nativeOrder());
    }

    private static int align(int size) {
        return (size + 3) & ~3;
    }
}
