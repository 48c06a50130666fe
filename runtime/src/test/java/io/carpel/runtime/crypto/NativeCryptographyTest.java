package io.carpel.runtime.crypto;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.image.content.Digest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import javax.crypto.Cipher;
import org.junit.jupiter.api.Test;

final class NativeCryptographyTest {
    @Test
    void takesTheHashesOfLayersAndTheCipherOfTlsFromThePlatformsOwnCode() throws Exception {
        assertThat(NativeCryptography.use()).isTrue();
        assertThat(NativeCryptography.use()).as("once more").isTrue();
        for (String algorithm : new String[] {"SHA-256", "SHA-512"}) {
            assertThat(MessageDigest.getInstance(algorithm).getProvider().getName())
                    .as(algorithm)
                    .isEqualTo("AmazonCorrettoCryptoProvider");
        }
        assertThat(Cipher.getInstance("AES/GCM/NoPadding").getProvider().getName())
                .isEqualTo("AmazonCorrettoCryptoProvider");
    }

    @Test
    void hashesAsTheStandardSays() {
        // FIPS 180-2, appendix B.1.
        MessageDigest hash = Digest.parse("sha256:" + "0".repeat(64)).hasher();
        hash.update("abc".getBytes(StandardCharsets.US_ASCII));
        assertThat(HexFormat.of().formatHex(hash.digest()))
                .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
