package io.carpel.runtime.launch;

import io.carpel.runtime.launch.ShimChannel.Frame;
import java.io.IOException;
import java.nio.ByteBuffer;

/// [AttachSession] over a connection to the shim.
final class SocketAttachSession implements AttachSession {
    private final ShimChannel channel;
    private final StreamSender sender;

    SocketAttachSession(String subject, ShimChannel channel) {
        this.channel = channel;
        this.sender = new StreamSender(subject, channel);
    }

    @Override
    public void await(ExecSession.ExecOutput output) {
        try {
            while (true) {
                Frame frame = channel.read();
                if (frame.type() == Wire.STDOUT) {
                    output.stdout(frame.data());
                } else if (frame.type() == Wire.STDERR) {
                    output.stderr(frame.data());
                }
            }
        } catch (IOException _) {
            // The container has ended, or this session was closed: either way it is over.
        }
    }

    @Override
    public void write(ByteBuffer data) {
        sender.write(data);
    }

    @Override
    public void closeStdin() {
        sender.control(Wire.CLOSE_STDIN);
    }

    @Override
    public void close() {
        channel.close();
    }
}
