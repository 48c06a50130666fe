package io.carpel.runtime.launch;

import io.carpel.runtime.error.CancelledException;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.DeadlineExceededException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.error.UnavailableException;
import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.FileCalls;
import io.carpel.runtime.linux.LinuxFileCalls;
import io.carpel.runtime.spec.Printable;
import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;

/// One connection to a shim: frames out, frames in. Reads block their virtual thread and nothing
/// else; a deadline closes the channel.
final class ShimChannel implements AutoCloseable {
    /// @param data little-endian, valid until the next read
    record Frame(int type, ByteBuffer data) {}

    private static final int MAX_REPLY = Wire.STREAM_CHUNK;
    private static final int MAX_ADDRESS = 100;

    private final SocketChannel channel;
    private final Deadlines deadlines;
    private volatile boolean late;
    private final ByteBuffer header =
            ByteBuffer.allocate(Wire.FRAME_HEADER).order(ByteOrder.LITTLE_ENDIAN);
    private ByteBuffer body = ByteBuffer.allocate(512).order(ByteOrder.LITTLE_ENDIAN);

    private ShimChannel(SocketChannel channel, Deadlines deadlines) {
        this.channel = channel;
        this.deadlines = deadlines;
    }

    /// @throws SocketTimeoutException when it may well be there and cannot be reached now
    /// @throws IOException when it has gone
    static ShimChannel connect(Path socket, Deadlines deadlines) throws IOException {
        SocketChannel channel = open(socket);
        try {
            connect(channel, socket);
            return new ShimChannel(channel, deadlines);
        } catch (IOException e) {
            channel.close();
            throw whatItSays(e, socket);
        } catch (RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static SocketChannel open(Path socket) throws IOException {
        try {
            return SocketChannel.open(StandardProtocolFamily.UNIX);
        } catch (IOException e) {
            throw whatItSays(e, socket);
        }
    }

    /// A shim removes its socket when it ends; behind the socket of one that was killed nobody
    /// listens. Any other error says nothing of the shim: it listens and does not take up calls
    /// (EAGAIN), or this process has no descriptor left. java.nio tells one errno from another by a
    /// text only, and that in the host's language.
    private static IOException whatItSays(IOException e, Path socket) {
        boolean clear = e instanceof ConnectException || e instanceof ClosedByInterruptException;
        return clear || Files.notExists(socket, LinkOption.NOFOLLOW_LINKS) ? e : silent(e);
    }

    private static SocketTimeoutException silent(IOException cause) {
        SocketTimeoutException timeout = new SocketTimeoutException("the shim is silent");
        timeout.initCause(cause);
        return timeout;
    }

    /// A socket address holds 108 bytes; a longer path goes by way of its directory's descriptor.
    private static void connect(SocketChannel channel, Path socket) throws IOException {
        Path parent = socket.getParent();
        if (socket.toString().length() < MAX_ADDRESS || parent == null) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            return;
        }
        try (var directory = new LinuxFileCalls().open(parent.toString(), FileCalls.O_PATH, 0)) {
            channel.connect(
                    UnixDomainSocketAddress.of(directory.procPath() + "/" + socket.getFileName()));
        }
    }

    /// Closes the channel when `limit` is over and the returned deadline was not called off.
    Deadlines.Deadline guard(Duration limit) {
        return deadlines.after(limit, this::expire);
    }

    private void expire() {
        late = true;
        close();
    }

    private IOException broken(ClosedChannelException e) {
        return late ? silent(e) : e;
    }

    void send(int type, byte[] payload) throws IOException {
        send(type, ByteBuffer.wrap(payload));
    }

    synchronized void send(int type, ByteBuffer payload) throws IOException {
        var head = ByteBuffer.allocate(Wire.FRAME_HEADER).order(ByteOrder.LITTLE_ENDIAN);
        head.putInt(payload.remaining()).putInt(type).flip();
        ByteBuffer[] parts = {head, payload};
        try {
            while (payload.hasRemaining() || head.hasRemaining()) {
                channel.write(parts);
            }
        } catch (ClosedChannelException e) {
            throw broken(e);
        }
    }

    void send(int type, int... numbers) throws IOException {
        var payload = ByteBuffer.allocate(4 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int number : numbers) {
            payload.putInt(number);
        }
        send(type, payload.flip());
    }

    /// @throws EOFException when the shim has closed the connection
    Frame read() throws IOException {
        fill(header.clear());
        int size = header.getInt(0);
        int type = header.getInt(4);
        if (size < 0 || size > MAX_REPLY) {
            throw new IOException("shim sent a frame of %d bytes".formatted(size));
        }
        if (body.capacity() < size) {
            body = ByteBuffer.allocate(MAX_REPLY).order(ByteOrder.LITTLE_ENDIAN);
        }
        fill(body.clear().limit(size));
        return new Frame(type, body.flip());
    }

    private void fill(ByteBuffer buffer) throws IOException {
        try {
            while (buffer.hasRemaining()) {
                if (channel.read(buffer) < 0) {
                    throw new EOFException("the shim closed the connection");
                }
            }
        } catch (ClosedChannelException e) {
            throw broken(e);
        }
    }

    /// What the shim says went wrong, in words.
    static KernelFaultException failure(String subject, Frame frame) {
        ByteBuffer data = frame.data();
        int operation = data.getInt();
        int opcode = data.getInt();
        int errno = data.getInt();
        byte[] call = new byte[Math.min(data.getInt(), data.remaining())];
        data.get(call);
        byte[] detail = new byte[data.remaining()];
        data.get(detail);
        var text = new StringBuilder(subject).append(": ").append(ascii(call));
        if (detail.length > 0) {
            text.append(' ').append(ascii(detail));
        }
        text.append(": ").append(Errno.describe(errno));
        if (opcode != 0) {
            text.append(" (operation ").append(operation).append(')');
        }
        return new KernelFaultException(
                text.toString(), new ErrnoException(ascii(call), ascii(detail), errno));
    }

    private static String ascii(byte[] text) {
        return Printable.of(new String(text, StandardCharsets.UTF_8));
    }

    /// What a broken connection means: a guard has ended it, or there is no shim.
    static ContainerRuntimeException gone(String subject, IOException cause) {
        return switch (cause) {
            case ClosedByInterruptException _ ->
                    new CancelledException(subject + ": interrupted while asking its shim", cause);
            case SocketTimeoutException _ ->
                    new DeadlineExceededException(
                            subject + ": its shim does not answer in time", cause);
            default -> new UnavailableException(subject + ": its shim does not answer", cause);
        };
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException _) {
            // a socket has nothing to flush
        }
    }
}
