package io.carpel.agent.streaming;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class SpdyPairsTest {
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final StreamConnection connection =
            new StreamConnection(channel, ControlMessages.ofSpdy(), new StreamMemory());
    private final List<StreamChannel> complete = new ArrayList<>();
    private final SpdyPairs pairs = new SpdyPairs((data, _) -> complete.add(data));

    @AfterEach
    void close() {
        channel.finishAndReleaseAll();
    }

    private StreamChannel opened(String type, int request) {
        StreamChannel stream =
                new StreamChannel(
                        connection,
                        new WebSocketChannels(connection, new ChannelProtocol("", 1, false), 1)
                                .framing(0),
                        Map.of("streamtype", type, "requestid", Integer.toString(request)));
        pairs.opened(stream);
        return stream;
    }

    @Test
    void halvesThatWereGivenUpLeaveRoomForOthers() {
        for (int request = 0; request < 2 * SpdyPairs.MAX_HALVES; request++) {
            opened("error", request).breakOff();
        }
        opened("error", -1);
        StreamChannel data = opened("data", -1);
        assertThat(complete).containsExactly(data);
    }

    @Test
    void halvesThatWaitAreBounded() {
        for (int request = 0; request < SpdyPairs.MAX_HALVES; request++) {
            opened("error", request);
        }
        opened("error", -1);
        opened("data", -1);
        assertThat(complete).isEmpty();
        opened("data", 1);
        assertThat(complete).hasSize(1);
    }
}
