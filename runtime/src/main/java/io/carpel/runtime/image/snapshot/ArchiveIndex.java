package io.carpel.runtime.image.snapshot;

import com.github.luben.zstd.ZstdOutputStream;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// What an unpacked layer no longer tells of its archive: every byte that is not file content.
///
/// Together with the files it gives the very same archive again, so that an exported image keeps
/// its id and digests. On disk: zstd, then records of one kind byte; `H` length bytes…, `F` size
/// path…, `E` at the end.
final class ArchiveIndex {
    static final int HEADER = 'H';
    static final int FILE = 'F';
    static final int END = 'E';
    private static final int LEVEL = 1;

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
}
