package io.carpel.agent.cli.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class ApiNodeTest {
    @Test
    void aShortMessageIsTakenAsItIs() {
        assertThat(ApiNode.atMost(16, "sixteen letters!")).isEqualTo("sixteen letters!");
    }

    @Test
    void aLongMessageIsCutBetweenTwoCharacters() {
        String text = "ä".repeat(600);
        for (int bytes = 1020; bytes <= 1024; bytes++) {
            String cut = ApiNode.atMost(bytes, text);
            assertThat(cut.getBytes(StandardCharsets.UTF_8)).hasSizeBetween(bytes - 1, bytes);
            assertThat(cut).matches("ä+…");
        }
    }
}
