package io.carpel.runtime.image.content;

import io.carpel.runtime.crypto.NativeCryptography;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.Printable;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/// The name of content by its hash: `sha256:` or `sha512:` and lower-case hex, never anything else,
/// so that a digest may safely become a file name.
public record Digest(String algorithm, String hex) {
    private static final Pattern FORM = Pattern.compile("sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}");

    /// @throws InvalidArgumentException when `text` has another form
    public static Digest parse(String text) {
        if (!FORM.matcher(text).matches()) {
            throw new InvalidArgumentException(
                    "digest '" + Printable.of(text) + "' is neither sha256 nor sha512 in hex");
        }
        int colon = text.indexOf(':');
        return new Digest(text.substring(0, colon), text.substring(colon + 1));
    }

    /// The SHA-256 of some bytes.
    public static Digest of(byte[] content) {
        return of("sha256", hasher("sha256").digest(content));
    }

    public static Digest of(String algorithm, byte[] hash) {
        return new Digest(algorithm, HexFormat.of().formatHex(hash));
    }

    /// A fresh hash function of this digest's kind, made for content of any length.
    public MessageDigest hasher() {
        NativeCryptography.use();
        return hasher(algorithm);
    }

    private static MessageDigest hasher(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm.equals("sha512") ? "SHA-512" : "SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has " + algorithm, e);
        }
    }

    public boolean matches(byte[] content) {
        return MessageDigest.isEqual(
                HexFormat.of().parseHex(hex), hasher(algorithm).digest(content));
    }

    @Override
    public String toString() {
        return algorithm + ":" + hex;
    }
}
