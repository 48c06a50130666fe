package io.carpel.agent.cli.node;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;

/// Replaces a whole file so that a power cut leaves the old text or the new one. Owner and mode of
/// the file that was there stay; a new one is root's alone.
public final class DurableFile {
    private DurableFile() {}

    public static void write(Path file, String text) {
        try {
            // A link, as to a file that several nodes' tools share, stays one.
            Path target = Files.exists(file) ? file.toRealPath() : file;
            Path beside = target.resolveSibling(target.getFileName() + ".carpel-new");
            try {
                Files.deleteIfExists(beside);
                Files.createFile(
                        beside,
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rw-------")));
                try (FileChannel channel = FileChannel.open(beside, StandardOpenOption.WRITE)) {
                    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
                    while (bytes.hasRemaining()) {
                        channel.write(bytes);
                    }
                    keepOwner(target, beside);
                    channel.force(true);
                }
                Files.move(beside, target, StandardCopyOption.ATOMIC_MOVE);
                syncDirectory(target);
            } finally {
                Files.deleteIfExists(beside);
            }
        } catch (IOException e) {
            throw new NodeException("cannot write " + file + ": " + e.getMessage(), e);
        }
    }

    private static void keepOwner(Path old, Path beside) throws IOException {
        if (!Files.exists(old)) {
            return;
        }
        PosixFileAttributes was = Files.readAttributes(old, PosixFileAttributes.class);
        Files.setPosixFilePermissions(beside, was.permissions());
        Files.setAttribute(beside, "unix:uid", Files.getAttribute(old, "unix:uid"));
        Files.setAttribute(beside, "unix:gid", Files.getAttribute(old, "unix:gid"));
    }

    public static void syncDirectory(Path file) throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        if (directory != null) {
            try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }
}
