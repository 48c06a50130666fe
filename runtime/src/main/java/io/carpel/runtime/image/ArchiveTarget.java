package io.carpel.runtime.image;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/// Where an export goes: files of a directory, or entries of an archive.
sealed interface ArchiveTarget extends AutoCloseable {
    /// Makes the target, which must not exist.
    static ArchiveTarget open(Path target, ImageArchives.Format format) throws IOException {
        return switch (format) {
            case OCI_DIRECTORY -> {
                Files.createDirectory(target);
                yield new Directory(target);
            }
            case OCI_ARCHIVE, DOCKER_ARCHIVE -> new Tar(target);
        };
    }

    /// Writes one file's content.
    @FunctionalInterface
    interface Content {
        void to(OutputStream out) throws IOException;
    }

    void file(String path, long size, Content content) throws IOException;

    default void file(String path, byte[] content) throws IOException {
        file(path, content.length, out -> out.write(content));
    }

    @Override
    void close() throws IOException;

    /// Files below a directory.
    record Directory(Path root) implements ArchiveTarget {
        @Override
        public void file(String path, long size, Content content) throws IOException {
            Path file = root.resolve(path);
            Path parent = file.getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            try (OutputStream out =
                    new BufferedOutputStream(
                            Files.newOutputStream(file, StandardOpenOption.CREATE_NEW))) {
                content.to(out);
            }
        }

        @Override
        public void close() {
            // Each file is closed already.
        }
    }

    /// Entries of a tar archive; times are zero, so that the same image gives the same archive.
    final class Tar implements ArchiveTarget {
        private final TarArchiveOutputStream tar;

        Tar(Path target) throws IOException {
            tar =
                    new TarArchiveOutputStream(
                            new BufferedOutputStream(
                                    Files.newOutputStream(target, StandardOpenOption.CREATE_NEW),
                                    1 << 16));
            tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
        }

        @Override
        public void file(String path, long size, Content content) throws IOException {
            TarArchiveEntry entry = new TarArchiveEntry(path);
            entry.setSize(size);
            entry.setModTime(0);
            entry.setMode(0644);
            tar.putArchiveEntry(entry);
            content.to(tar);
            tar.closeArchiveEntry();
        }

        @Override
        public void close() throws IOException {
            tar.close();
        }
    }
}
