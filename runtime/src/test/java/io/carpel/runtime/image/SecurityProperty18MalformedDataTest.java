package io.carpel.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.image.content.Digest;
import io.carpel.runtime.image.content.ManifestReader;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Documents changed at random end in an error of the one request, never in anything else.
final class SecurityProperty18MalformedDataTest {
    private static final int ROUNDS = 20_000;

    private static byte[] mutated(byte[] original, Random random) {
        byte[] out = original.clone();
        int changes = 1 + random.nextInt(4);
        for (int i = 0; i < changes; i++) {
            int at = random.nextInt(out.length);
            switch (random.nextInt(3)) {
                case 0 -> out[at] = (byte) random.nextInt(256);
                case 1 -> out = java.util.Arrays.copyOf(out, at + 1);
                default -> {
                    byte[] more = "[{\"9999999999999999999\":".getBytes(StandardCharsets.US_ASCII);
                    System.arraycopy(more, 0, out, at, Math.min(more.length, out.length - at));
                }
            }
        }
        return out;
    }

    @Test
    void manifestsAndConfigurations() {
        TestImage image =
                new TestImage().layer(new TestTar().file("a", 0, "b"), TestImage.Packing.GZIP);
        byte[] manifest = image.manifest();
        byte[] config = image.config();
        Random random = new Random(42);
        int refused = 0;
        for (int i = 0; i < ROUNDS; i++) {
            try {
                ManifestReader.read(mutated(manifest, random), "", "x");
                ConfigReader.read(mutated(config, random), "x");
            } catch (ContainerRuntimeException e) {
                assertThat(e.getMessage()).isNotEmpty();
                refused++;
            }
        }
        assertThat(refused).isBetween(ROUNDS / 2, ROUNDS - 1);
    }

    /// What stays in memory as long as the image is present, and what reading takes for a moment.
    @Test
    void documentsCannotFillTheHeap() {
        String large = "x".repeat(600_000);
        String config =
                """
                {"config":{"Env":["A=%s"],"Labels":{"%s":"b"}},"rootfs":{"diff_ids":[]}}\
                """
                        .formatted(large, large.substring(0, 40_000));
        assertThat(read(config).config().env()).hasSize(1);
        assertThatThrownBy(() -> read(config.replace("\"b\"", "\"" + large + "\"")))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("more than 1048576");
        assertThatThrownBy(() -> read("[" + "0,".repeat(1_000_000) + "0]"))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("not JSON");
    }

    private static ConfigReader.Parsed read(String config) {
        return ConfigReader.read(config.getBytes(StandardCharsets.UTF_8), "x");
    }

    @Test
    void passwdAndGroup() {
        byte[] passwd =
                "root:x:0:0:root:/root:/bin/sh\nu:x:1:2::/h:\n".getBytes(StandardCharsets.UTF_8);
        Random random = new Random(7);
        for (int i = 0; i < ROUNDS; i++) {
            byte[] raw = mutated(passwd, random);
            AccountFiles files = new AccountFiles(raw, raw);
            files.byName("root").ifPresent(a -> assertThat(a.uid()).isBetween(0L, 0xFFFF_FFFEL));
            files.byId(1);
            files.groupByName("u");
            files.memberships("root");
        }
    }

    @Test
    void digestsAreCheckedBeforeTheyBecomeNames() {
        for (String text :
                new String[] {
                    "",
                    ":",
                    "sha256:",
                    "sha256:../../etc/passwd",
                    "sha256:" + "A".repeat(64),
                    "sha256:" + "a".repeat(65),
                    "sha1:" + "a".repeat(40),
                    "sha256:" + "a".repeat(64) + "\n"
                }) {
            assertThatThrownBy(() -> Digest.parse(text))
                    .as(text)
                    .isInstanceOf(InvalidArgumentException.class);
        }
    }
}
