package io.carpel.runtime.image.snapshot;

import com.github.luben.zstd.ZstdInputStream;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.FileCalls;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// A layer's archive once more, byte for byte, made from its [ArchiveIndex] and its files while it
/// is read. Owns the descriptor of the files' directory.
final class RestoredArchive extends InputStream {
    private static final int CHUNK = 128 * 1024;
    private static final int NAME_LIMIT = 1 << 20;
    private static final long IN_ROOT = FileCalls.RESOLVE_IN_ROOT | FileCalls.RESOLVE_NO_MAGICLINKS;

    private final FileCalls files;
    private final Fd tree;
    private final Path indexFile;
    private final DataInputStream index;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK);
    private Optional<Fd> file = Optional.empty();
    private String fileName = "";
    private long fileLeft;
    private long headersLeft;
    private boolean ended;

    private RestoredArchive(FileCalls files, Fd tree, Path indexFile, DataInputStream index) {
        this.files = files;
        this.tree = tree;
        this.indexFile = indexFile;
        this.index = index;
    }

    /// @param directory where the layer's files are
    static RestoredArchive open(FileCalls files, Path indexFile, Path directory)
            throws IOException {
        Fd tree = files.open(directory.toString(), FileCalls.O_RDONLY | FileCalls.O_DIRECTORY, 0);
        try {
            return new RestoredArchive(
                    files,
                    tree,
                    indexFile,
                    new DataInputStream(new ZstdInputStream(Files.newInputStream(indexFile))));
        } catch (IOException e) {
            tree.close();
            throw e;
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        while (true) {
            if (headersLeft > 0) {
                int got = index.read(into, offset, (int) Math.min(length, headersLeft));
                if (got < 0) {
                    throw new EOFException(indexFile + " ends too early");
                }
                headersLeft -= got;
                return got;
            }
            if (fileLeft > 0) {
                return content(into, offset, length);
            }
            if (ended || !next()) {
                return -1;
            }
        }
    }

    private int content(byte[] into, int offset, int length) throws IOException {
        buffer.clear().limit((int) Math.min(CHUNK, Math.min(length, fileLeft)));
        int got = files.read(file.orElseThrow(), buffer);
        if (got == 0) {
            throw new EOFException("'" + fileName + "' in the layer is shorter than it was");
        }
        buffer.flip().get(into, offset, got);
        fileLeft -= got;
        return got;
    }

    /// @return whether there is another record
    private boolean next() throws IOException {
        closeFile();
        int kind = index.read();
        switch (kind) {
            case ArchiveIndex.HEADER -> headersLeft = positive(index.readInt());
            case ArchiveIndex.FILE -> {
                fileLeft = positive(index.readLong());
                int length = (int) positive(index.readInt());
                if (length > NAME_LIMIT) {
                    throw new IOException(indexFile + " is damaged");
                }
                fileName = new String(index.readNBytes(length), StandardCharsets.UTF_16BE);
                file = Optional.of(files.openat2(tree, fileName, FileCalls.O_RDONLY, 0, IN_ROOT));
            }
            case ArchiveIndex.END -> ended = true;
            case -1 -> throw new EOFException(indexFile + " ends too early");
            default -> throw new IOException(indexFile + " is damaged");
        }
        return !ended;
    }

    private long positive(long value) throws IOException {
        if (value < 0) {
            throw new IOException(indexFile + " is damaged");
        }
        return value;
    }

    private void closeFile() {
        file.ifPresent(Fd::close);
        file = Optional.empty();
    }

    @Override
    public void close() throws IOException {
        closeFile();
        tree.close();
        index.close();
    }
}
