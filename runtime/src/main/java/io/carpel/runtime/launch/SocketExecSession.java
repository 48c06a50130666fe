package io.carpel.runtime.launch;

import io.carpel.runtime.launch.ShimChannel.Frame;
import java.io.IOException;
import java.nio.ByteBuffer;

/// [ExecSession] over the connection to the exec's own monitor process.
final class SocketExecSession implements ExecSession {
    private final String subject;
    private final ShimChannel channel;
    private final StreamSender sender;
    private final int pid;

    SocketExecSession(String subject, ShimChannel channel, int pid) {
        this.subject = subject;
        this.channel = channel;
        this.sender = new StreamSender(subject, channel);
        this.pid = pid;
    }

    @Override
    public int pid() {
        return pid;
    }

    @Override
    public ExecResult await(ExecOutput output) {
        try {
            while (true) {
                Frame frame = channel.read();
                switch (frame.type()) {
                    case Wire.STDOUT -> output.stdout(frame.data());
                    case Wire.STDERR -> output.stderr(frame.data());
                    case Wire.EXEC_EXITED -> {
                        ByteBuffer data = frame.data();
                        return new ExecResult(data.getInt(), data.getInt() != 0);
                    }
                    default -> throw new IOException("unexpected frame %d".formatted(frame.type()));
                }
            }
        } catch (IOException e) {
            throw ShimChannel.gone(subject, e);
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
    public void resize(int rows, int columns) {
        sender.control(Wire.RESIZE, rows, columns);
    }

    @Override
    public void signal(int signal) {
        sender.control(Wire.SIGNAL, signal);
    }

    @Override
    public void close() {
        channel.close();
    }
}
