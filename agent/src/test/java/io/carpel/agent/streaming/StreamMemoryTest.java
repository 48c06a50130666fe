package io.carpel.agent.streaming;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class StreamMemoryTest {
    private final StreamMemory memory = new StreamMemory();
    private final List<ByteBuf> held = new ArrayList<>();

    @AfterEach
    void letGo() {
        held.forEach(ByteBuf::release);
    }

    private void use(long bytes) {
        while (memory.used() <= bytes) {
            held.add(memory.allocator().directBuffer(64 * 1024));
        }
    }

    @Test
    void connectionsHoldLessTheMoreIsUsed() {
        assertThat(memory.window()).isEqualTo(StreamMemory.WIDE);
        use(StreamMemory.TIGHT);
        assertThat(memory.window()).isEqualTo(StreamMemory.NARROW);
        assertThat(memory.isShort()).isFalse();
        use(StreamMemory.SHORT);
        assertThat(memory.isShort()).isTrue();
        letGo();
        held.clear();
        assertThat(memory.window()).isEqualTo(StreamMemory.WIDE);
        assertThat(memory.isShort()).isFalse();
    }

    /// Half of each chunk is free again.
    @Test
    void whatIsFreeInAChunkIsNotInUse() {
        use(StreamMemory.TIGHT * 3 / 2);
        for (int i = held.size() - 1; i >= 0; i -= 2) {
            held.remove(i).release();
        }
        assertThat(memory.held()).isGreaterThan(StreamMemory.TIGHT);
        assertThat(memory.used()).isLessThan(StreamMemory.TIGHT);
        assertThat(memory.window()).isEqualTo(StreamMemory.WIDE);
    }

    @Test
    void whoSendsMoreThanThereIsRoomForIsCutOff() {
        EmbeddedChannel channel = new EmbeddedChannel(memory.guard());
        ByteBuf taken = Unpooled.buffer(1).writeByte(1);
        channel.writeInbound(taken);
        ByteBuf passed = channel.readInbound();
        assertThat(passed).isSameAs(taken);
        passed.release();
        use(StreamMemory.FULL);
        ByteBuf refused = Unpooled.buffer(1).writeByte(1);
        assertThat(channel.writeInbound(refused)).isFalse();
        assertThat(refused.refCnt()).isZero();
        assertThat(channel.isOpen()).isFalse();
        channel.finishAndReleaseAll();
    }
}
