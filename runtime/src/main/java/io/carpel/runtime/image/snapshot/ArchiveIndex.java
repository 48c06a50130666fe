package io.carpel.runtime.image.snapshot;

import com.github.luben.zstd.ZstdInputStream;
import com.github.luben.zstd.ZstdOutputStream;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.FileCalls;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// What an unpacked layer no longer tells of its archive: every byte that is not file content.
///
/// Together with the files it gives the very same archive again, so that an exported image keeps
/// its id and digests. On disk: zstd, then records of one kind byte; `H` length bytes…, `F` size
/// path…, `E` at the end.
public final class ArchiveIndex {
    private static final int HEADER = 'H';
    private static final int FILE = 'F';
    private static final int END = 'E';
    private static final int LEVEL = 1;
    private static final int HEADER_LIMIT = 64 << 20;

    private ArchiveIndex() {}

    /// Writes the index while the archive is read.
    static final class Writer implements AutoCloseable {
        private final OutputStream file;
        private final DataOutputStream out;

        Writer(Path path) throws IOException {
            file = Files.newOutputStream(path);
            out =
                    new DataOutputStream(
                            new BufferedOutputStream(new ZstdOutputStream(file, LEVEL), 16 * 1024));
        }

        void headers(byte[] raw) throws IOException {
            if (raw.length > 0) {
                out.writeByte(HEADER);
                out.writeInt(raw.length);
                out.write(raw);
            }
        }

        void file(String path, long size) throws IOException {
            out.writeByte(FILE);
            out.writeLong(size);
            byte[] name = path.getBytes(StandardCharsets.UTF_16BE);
            out.writeInt(name.length);
            out.write(name);
        }

        void end() throws IOException {
            out.writeByte(END);
        }

        @Override
        public void close() throws IOException {
            // The compressor does not close what is below it when its last bytes find the disk
            // full.
            try (file) {
                out.close();
            }
        }
    }

    /// Writes the archive again from its index and the unpacked files below `tree`.
    public static void restore(Path index, Fd tree, FileCalls files, OutputStream to)
            throws IOException {
        try (DataInputStream in =
                new DataInputStream(new ZstdInputStream(Files.newInputStream(index)))) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(128 * 1024);
            while (true) {
                int kind = in.read();
                switch (kind) {
                    case HEADER -> {
                        int length = in.readInt();
                        if (length < 0 || length > HEADER_LIMIT) {
                            throw new IOException(index + " is damaged");
                        }
                        to.write(in.readNBytes(length));
                    }
                    case FILE -> copy(in, tree, files, buffer, to);
                    case END -> {
                        return;
                    }
                    case -1 -> throw new EOFException(index + " ends too early");
                    default -> throw new IOException(index + " is damaged");
                }
            }
        }
    }

    private static void copy(
            DataInputStream in, Fd tree, FileCalls files, ByteBuffer buffer, OutputStream to)
            throws IOException {
        long left = in.readLong();
        int length = in.readInt();
        if (length < 0 || length > HEADER_LIMIT) {
            throw new IOException("the layer's archive index is damaged");
        }
        String path = new String(in.readNBytes(length), StandardCharsets.UTF_16BE);
        byte[] chunk = new byte[buffer.capacity()];
        try (Fd file =
                files.openat2(
                        tree,
                        path,
                        FileCalls.O_RDONLY,
                        0,
                        FileCalls.RESOLVE_IN_ROOT | FileCalls.RESOLVE_NO_MAGICLINKS)) {
            while (left > 0) {
                buffer.clear().limit((int) Math.min(buffer.capacity(), left));
                int got = files.read(file, buffer);
                if (got == 0) {
                    throw new EOFException("'" + path + "' in the layer is shorter than it was");
                }
                buffer.flip().get(chunk, 0, got);
                to.write(chunk, 0, got);
                left -= got;
            }
        }
    }
}
