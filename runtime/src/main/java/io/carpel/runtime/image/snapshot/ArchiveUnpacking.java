package io.carpel.runtime.image.snapshot;

import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.FileCalls;
import io.carpel.runtime.linux.TreeRemoval;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// An image archive unpacked into a temporary directory, as confined and bounded as a layer;
/// closing it deletes the directory.
public final class ArchiveUnpacking implements AutoCloseable {
    private final FileCalls files;
    private final Fd parent;
    private final String name;
    private final Fd root;

    private ArchiveUnpacking(FileCalls files, Fd parent, String name, Fd root) {
        this.files = files;
        this.parent = parent;
        this.name = name;
        this.root = root;
    }

    /// @param check called while reading; throws to stop
    public static ArchiveUnpacking of(
            FileCalls files, LayerLimits limits, Path archive, Path temporary, Runnable check)
            throws IOException {
        Fd parent = files.open(temporary.toString(), FileCalls.O_RDONLY, 0);
        String name = "import-" + Long.toHexString(System.nanoTime());
        boolean done = false;
        try {
            files.mkdirat(parent, name, 0700);
            Fd root =
                    files.openat2(
                            parent,
                            name,
                            FileCalls.O_RDONLY | FileCalls.O_DIRECTORY,
                            0,
                            FileCalls.RESOLVE_BENEATH);
            try (VerifiedBlob blob =
                            new VerifiedBlob(
                                    checked(Files.newInputStream(archive), check),
                                    Optional.empty(),
                                    -1);
                    InputStream tar = Compression.open(blob)) {
                LayerUnpacker.unpack(
                        files,
                        limits,
                        tar,
                        blob::received,
                        root,
                        Optional.of(List.of()),
                        Path.of("/dev/null"));
            }
            done = true;
            return new ArchiveUnpacking(files, parent, name, root);
        } finally {
            if (!done) {
                TreeRemoval.remove(files, parent, name);
                parent.close();
            }
        }
    }

    private static InputStream checked(InputStream in, Runnable check) {
        return new FilterInputStream(in) {
            @Override
            public int read(byte[] into, int offset, int length) throws IOException {
                check.run();
                return super.read(into, offset, length);
            }
        };
    }

    public Fd root() {
        return root;
    }

    @Override
    public void close() throws IOException {
        root.close();
        try (parent) {
            TreeRemoval.remove(files, parent, name);
        }
    }
}
