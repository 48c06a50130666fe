package io.carpel.runtime.launch;

import java.io.IOException;
import java.nio.ByteBuffer;

/// What clients of a process's streams can send.
final class StreamSender {
    private final String subject;
    private final ShimChannel channel;

    StreamSender(String subject, ShimChannel channel) {
        this.subject = subject;
        this.channel = channel;
    }

    void write(ByteBuffer data) {
        while (data.hasRemaining()) {
            int size = Math.min(data.remaining(), Wire.STREAM_CHUNK);
            ByteBuffer part = data.slice(data.position(), size);
            data.position(data.position() + size);
            try {
                channel.send(Wire.STDIN, part);
            } catch (IOException e) {
                throw ShimChannel.gone(subject, e);
            }
        }
    }

    void control(int type, int... arguments) {
        try {
            channel.send(type, arguments);
        } catch (IOException e) {
            throw ShimChannel.gone(subject, e);
        }
    }
}
