package io.carpel.agent.streaming;

import io.carpel.runtime.error.UnavailableException;
import io.carpel.runtime.io.ProcessSession;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;

/// Commands `echo` (standard input to standard output, exit code 3 at its end), `flood N` (N bytes
/// of output), `sleep` (until closed), `stuck` (the same, and never reads its input) and `quit`
/// (says something and ends, and never reads its input); dials ports of this machine's loopback.
final class FakeBackend implements StreamBackend {
    final CountDownLatch opened = new CountDownLatch(1);
    final CountDownLatch closed = new CountDownLatch(1);
    final BlockingQueue<String> sizes = new LinkedBlockingQueue<>();

    @Override
    public ProcessSession exec(StreamRequest.Exec request) {
        return new FakeSession(request.command());
    }

    @Override
    public ProcessSession attach(StreamRequest.Attach request) {
        return new FakeSession(java.util.List.of("echo"));
    }

    @Override
    public SocketChannel dial(String sandboxId, int port) throws IOException {
        return SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    }

    private final class FakeSession implements ProcessSession {
        private final java.util.List<String> command;
        private final BlockingQueue<byte[]> input = new LinkedBlockingQueue<>();

        FakeSession(java.util.List<String> command) {
            this.command = command;
            opened.countDown();
        }

        @Override
        public int await(Output output) {
            try {
                return switch (command.getFirst()) {
                    case "echo" -> echo(output);
                    case "flood" -> flood(output, Long.parseLong(command.get(1)));
                    case "quit" -> {
                        output.stdout(ByteBuffer.wrap("bye".getBytes(StandardCharsets.UTF_8)));
                        yield 0;
                    }
                    default -> {
                        closed.await();
                        yield 137;
                    }
                };
            } catch (InterruptedException interrupted) {
                throw new AssertionError(interrupted);
            }
        }

        private int echo(Output output) throws InterruptedException {
            for (byte[] next = input.take(); next.length > 0; next = input.take()) {
                output.stdout(ByteBuffer.wrap(next));
            }
            output.stderr(ByteBuffer.wrap("done".getBytes(StandardCharsets.UTF_8)));
            return 3;
        }

        private static int flood(Output output, long bytes) {
            ByteBuffer chunk = ByteBuffer.allocate(64 * 1024);
            for (long left = bytes; left > 0; ) {
                chunk.clear().limit((int) Math.min(left, chunk.capacity()));
                left -= chunk.remaining();
                output.stdout(chunk);
            }
            return 0;
        }

        @Override
        public void write(ByteBuffer data) {
            if (command.getFirst().equals("stuck") || command.getFirst().equals("quit")) {
                try {
                    closed.await();
                } catch (InterruptedException interrupted) {
                    throw new AssertionError(interrupted);
                }
                throw new UnavailableException("closed", new IOException("closed"));
            }
            byte[] bytes = new byte[data.remaining()];
            data.get(bytes);
            input.add(bytes);
        }

        @Override
        public void closeStdin() {
            input.add(new byte[0]);
        }

        @Override
        public void resize(int rows, int columns) {
            sizes.add(rows + "x" + columns);
        }

        @Override
        public void close() {
            closed.countDown();
        }
    }
}
