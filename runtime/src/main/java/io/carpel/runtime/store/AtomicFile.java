package io.carpel.runtime.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;

/// Writes whole files: beside the target, then renamed over it.
///
/// A reader sees the old content or the new one. Nothing is synced: callers whose files must
/// survive a power cut sync by themselves.
public final class AtomicFile {
    private static final String SUFFIX = ".new";

    private AtomicFile() {}

    /// @param mode permission bits, for example `0600`; the process's umask may take some away
    public static void write(Path target, byte[] content, int mode) throws IOException {
        Path beside = target.resolveSibling(target.getFileName() + SUFFIX);
        try {
            writeNew(beside, content, mode);
            Files.move(beside, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException | RuntimeException e) {
            Files.deleteIfExists(beside);
            throw e;
        } catch (IOException e) {
            Files.deleteIfExists(beside);
            // A write, unlike an open, does not tell on what it failed.
            FileSystemException named =
                    new FileSystemException(target.toString(), null, e.getMessage());
            named.initCause(e);
            throw named;
        }
    }

    private static void writeNew(Path file, byte[] content, int mode) throws IOException {
        // A file left over by a killed process is truncated; the directory is ours alone (0700).
        try (FileChannel channel =
                FileChannel.open(
                        file,
                        Set.of(
                                StandardOpenOption.WRITE,
                                StandardOpenOption.CREATE,
                                StandardOpenOption.TRUNCATE_EXISTING,
                                LinkOption.NOFOLLOW_LINKS),
                        PosixFilePermissions.asFileAttribute(permissions(mode)))) {
            ByteBuffer buffer = ByteBuffer.wrap(content);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
        }
    }

    private static Set<PosixFilePermission> permissions(int mode) {
        Set<PosixFilePermission> set = EnumSet.noneOf(PosixFilePermission.class);
        PosixFilePermission[] all = PosixFilePermission.values();
        for (int i = 0; i < all.length; i++) {
            if ((mode & (0400 >> i)) != 0) {
                set.add(all[i]);
            }
        }
        return set;
    }
}
