package io.carpel.agent.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/// Follows one container's log in the CRI format, `TIME STREAM TAGS TEXT`, and passes the text on,
/// whole lines at a time. Bytes stay as they are.
final class LogTail implements AutoCloseable {
    private static final int CHUNK = 1 << 16;

    /// A line that is longer is passed on in parts.
    private static final int MAX_LINE = 1 << 20;

    private final Path file;
    private final byte[] prefix;
    private final OutputStream out;
    private final OutputStream err;
    private final ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
    private final ByteArrayOutputStream record = new ByteArrayOutputStream();
    private final ByteArrayOutputStream outLine = new ByteArrayOutputStream();
    private final ByteArrayOutputStream errLine = new ByteArrayOutputStream();

    private Optional<FileChannel> opened = Optional.empty();

    /// @param prefix put before each line
    LogTail(Path file, String prefix, OutputStream out, OutputStream err) {
        this.file = file;
        this.prefix = prefix.getBytes(StandardCharsets.UTF_8);
        this.out = out;
        this.err = err;
    }

    /// Passes on what is there now.
    void poll() {
        try {
            if (opened.isEmpty()) {
                opened = Optional.of(FileChannel.open(file, StandardOpenOption.READ));
            }
            FileChannel channel = opened.get();
            while (channel.read(chunk.clear()) > 0) {
                chunk.flip();
                while (chunk.hasRemaining()) {
                    byte next = chunk.get();
                    if (next == '\n') {
                        accept(record.toByteArray());
                        record.reset();
                    } else {
                        record.write(next);
                    }
                }
            }
            out.flush();
            err.flush();
        } catch (NoSuchFileException _) {
            // The container has not started yet.
        } catch (IOException e) {
            throw new UncheckedIOException("cannot follow " + file, e);
        }
    }

    /// Passes on what is left, a line without end included.
    void finish() {
        poll();
        flush(outLine, out);
        flush(errLine, err);
    }

    private void accept(byte[] line) {
        int time = indexOf(line, 0);
        int stream = indexOf(line, time + 1);
        int tags = indexOf(line, stream + 1);
        if (time < 0 || stream < 0 || tags < 0) {
            return;
        }
        boolean error = stream - time == "stderr".length() + 1 && line[time + 4] == 'e';
        ByteArrayOutputStream text = error ? errLine : outLine;
        text.write(line, tags + 1, line.length - tags - 1);
        boolean full = line[stream + 1] == 'F';
        if (full) {
            text.write('\n');
        }
        if (full || text.size() > MAX_LINE) {
            flush(text, error ? err : out);
        }
    }

    private void flush(ByteArrayOutputStream text, OutputStream target) {
        if (text.size() == 0) {
            return;
        }
        try {
            target.write(prefix);
            text.writeTo(target);
            target.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write to standard output", e);
        }
        text.reset();
    }

    private static int indexOf(byte[] line, int from) {
        for (int at = Math.max(0, from); at < line.length; at++) {
            if (line[at] == ' ') {
                return at;
            }
        }
        return -1;
    }

    @Override
    public void close() throws IOException {
        if (opened.isPresent()) {
            opened.get().close();
        }
    }
}
