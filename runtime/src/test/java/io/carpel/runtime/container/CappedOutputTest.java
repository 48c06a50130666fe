package io.carpel.runtime.container;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.spec.Bytes;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class CappedOutputTest {
    private static final int MEBI = 1 << 20;

    private final OutputRoom room = new OutputRoom(MEBI);

    private static byte[] content(int count) {
        byte[] content = new byte[count];
        for (int i = 0; i < count; i++) {
            content[i] = (byte) i;
        }
        return content;
    }

    private static ByteBuffer bytes(int count) {
        return ByteBuffer.wrap(content(count));
    }

    private static Bytes text(String text) {
        return Bytes.copyOf(text.getBytes(US_ASCII));
    }

    @Test
    void keepsBothStreamsApartInTheirOrder() {
        try (var output = new CappedOutput(100, room)) {
            output.stdout(ByteBuffer.wrap("one ".getBytes(US_ASCII)));
            output.stderr(ByteBuffer.wrap("error".getBytes(US_ASCII)));
            output.stdout(ByteBuffer.wrap("two".getBytes(US_ASCII)));
            assertThat(output.stdout()).isEqualTo(text("one two"));
            assertThat(output.stderr()).isEqualTo(text("error"));
        }
    }

    @Test
    void theCapIsForBothStreamsTogetherAndTheRestIsRead() {
        try (var output = new CappedOutput(6, room)) {
            output.stdout(ByteBuffer.wrap("abcd".getBytes(US_ASCII)));
            ByteBuffer more = ByteBuffer.wrap("efgh".getBytes(US_ASCII));
            output.stderr(more);
            output.stdout(ByteBuffer.wrap("ijkl".getBytes(US_ASCII)));
            assertThat(more.hasRemaining()).isFalse();
            assertThat(output.stdout()).isEqualTo(text("abcd"));
            assertThat(output.stderr()).isEqualTo(text("ef"));
        }
    }

    @Test
    void manyPiecesOfAnySizeBecomeTheSameBytes() {
        byte[] content = content(700_000);
        ByteBuffer all = ByteBuffer.wrap(content);
        try (var output = new CappedOutput(MEBI, room)) {
            for (int at = 0, size = 1; at < all.limit(); at += size, size = size * 3 % 65_521) {
                size = Math.min(size, all.limit() - at);
                output.stdout(all.slice(at, size));
            }
            assertThat(output.stdout()).isEqualTo(Bytes.copyOf(content));
        }
    }

    @Test
    void whatAllKeepTogetherIsBoundedAndEachKeepsALittle() {
        try (var first = new CappedOutput(4L * MEBI, room);
                var second = new CappedOutput(4L * MEBI, room)) {
            first.stdout(bytes(3 * MEBI));
            second.stderr(bytes(3 * MEBI));
            assertThat(first.stdout().size()).isEqualTo(MEBI + OutputRoom.SMALL);
            assertThat(second.stderr().size()).isEqualTo(OutputRoom.SMALL);
        }
    }

    @Test
    void nothingIsKeptBehindAGap() {
        try (var first = new CappedOutput(4L * MEBI, room)) {
            try (var second = new CappedOutput(4L * MEBI, room)) {
                second.stdout(bytes(2 * MEBI));
                first.stdout(bytes(MEBI));
            }
            first.stdout(bytes(10));
            first.stderr(bytes(10));
            assertThat(first.stdout().size()).isEqualTo(OutputRoom.SMALL);
            assertThat(first.stderr().size()).isZero();
        }
    }

    @Test
    void thoseWhoCloseGiveTheirPartBack() {
        for (int i = 0; i < 3; i++) {
            var output = new CappedOutput(4L * MEBI, room);
            output.stdout(bytes(MEBI));
            assertThat(output.stdout().size()).isEqualTo(MEBI);
            output.close();
            // Twice is as good as once.
            output.close();
        }
        assertThat(room.take(4L * MEBI)).isEqualTo(MEBI);
    }
}
