package io.carpel.runtime.spec;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/// An immutable string of bytes with value equality; base64 in records. `toString` shows the length
/// only, since the content may be secret.
public final class Bytes {
    private static final Bytes EMPTY = new Bytes(new byte[0]);

    private final byte[] value;

    private Bytes(byte[] value) {
        this.value = value;
    }

    public static Bytes empty() {
        return EMPTY;
    }

    public static Bytes copyOf(byte[] value) {
        return new Bytes(value.clone());
    }

    /// The content of these one after the other.
    public static Bytes joined(List<ByteBuffer> parts) {
        byte[] all = new byte[parts.stream().mapToInt(ByteBuffer::remaining).sum()];
        int at = 0;
        for (ByteBuffer part : parts) {
            part.get(part.position(), all, at, part.remaining());
            at += part.remaining();
        }
        return new Bytes(all);
    }

    public static Bytes utf8(String text) {
        return new Bytes(text.getBytes(StandardCharsets.UTF_8));
    }

    @JsonCreator
    public static Bytes fromBase64(String text) {
        return new Bytes(Base64.getDecoder().decode(text));
    }

    @JsonValue
    public String base64() {
        return Base64.getEncoder().encodeToString(value);
    }

    public byte[] toArray() {
        return value.clone();
    }

    /// To be read without a copy, for what is large.
    public ByteBuffer readOnly() {
        return ByteBuffer.wrap(value).asReadOnlyBuffer();
    }

    public int size() {
        return value.length;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Bytes bytes && Arrays.equals(value, bytes.value);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(value);
    }

    @Override
    public String toString() {
        return "Bytes[" + value.length + "]";
    }
}
