package io.carpel.runtime.linux;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/// File names between the kernel's bytes and Java's strings, without loss.
///
/// Names are UTF-8 whatever the process's locale says. A byte that is not UTF-8 becomes a lone
/// surrogate U+DC80 to U+DCFF and turns back into that byte, so that every name that can be listed
/// can also be opened and deleted.
public final class FileName {
    private static final int ESCAPE = 0xDC00;

    private FileName() {}

    /// The name with a terminating NUL, as system calls want it.
    static byte[] encode(String name) {
        byte[] plain = bytes(name);
        byte[] out = new byte[plain.length + 1];
        System.arraycopy(plain, 0, out, 0, plain.length);
        return out;
    }

    private static byte[] bytes(String name) {
        boolean escaped = false;
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c == 0) {
                throw new IllegalArgumentException("file name contains NUL");
            }
            escaped |= isEscape(name, i);
        }
        if (!escaped) {
            return name.getBytes(StandardCharsets.UTF_8);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream(name.length() + 8);
        int from = 0;
        for (int i = 0; i < name.length(); i++) {
            if (isEscape(name, i)) {
                out.writeBytes(name.substring(from, i).getBytes(StandardCharsets.UTF_8));
                out.write(name.charAt(i) - ESCAPE);
                from = i + 1;
            }
        }
        out.writeBytes(name.substring(from).getBytes(StandardCharsets.UTF_8));
        return out.toByteArray();
    }

    private static boolean isEscape(String name, int i) {
        char c = name.charAt(i);
        return c >= ESCAPE + 0x80
                && c <= ESCAPE + 0xFF
                && (i == 0 || !Character.isHighSurrogate(name.charAt(i - 1)));
    }

    /// The string for raw bytes.
    public static String decode(byte[] raw, int offset, int length) {
        ByteBuffer in = ByteBuffer.wrap(raw, offset, length);
        CharBuffer out = CharBuffer.allocate(length + 1);
        CharsetDecoder decoder =
                StandardCharsets.UTF_8
                        .newDecoder()
                        .onMalformedInput(CodingErrorAction.REPORT)
                        .onUnmappableCharacter(CodingErrorAction.REPORT);
        while (in.hasRemaining()) {
            CoderResult result = decoder.decode(in, out, true);
            if (result.isError()) {
                for (int i = 0; i < result.length(); i++) {
                    out.put((char) (ESCAPE + (in.get() & 0xFF)));
                }
                decoder.reset();
            }
        }
        return out.flip().toString();
    }
}
