package io.carpel.agent.cri;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The socket's place in the file system. Its mode and its directory are the only authorisation
/// there is, so both are checked before anybody can connect.
final class SocketFile {
    /// sun_path of unix(7) has 108 bytes with the terminating zero.
    private static final int PATH_LIMIT = 107;

    private final Path path;
    private final Path directory;

    // The published socket's inode; what lies at the path may have become somebody else's since.
    private @Nullable Object inode;

    SocketFile(Path path) {
        this.path = path.toAbsolutePath().normalize();
        Path parent = this.path.getParent();
        if (parent == null) {
            throw new IllegalArgumentException("the socket cannot be /");
        }
        directory = parent;
    }

    /// Where to bind: beside the real place, so that the socket has its mode before it has its
    /// name. The name there is no longer than the real one, which may just fit into an address.
    Path beside() {
        String name = path.getFileName().toString();
        return path.resolveSibling(
                name.length() < 3 ? name + "~" : "." + name.substring(0, name.length() - 1));
    }

    /// Makes the directory if needed, checks it, and clears what a dead process left.
    void prepare() throws IOException {
        int bytes = path.toString().getBytes(StandardCharsets.UTF_8).length;
        if (bytes > PATH_LIMIT) {
            throw new IOException(
                    "socket path %s is too long: %d bytes, the kernel takes %d"
                            .formatted(path, bytes, PATH_LIMIT));
        }
        if (!Files.isDirectory(directory)) {
            Files.createDirectories(
                    directory,
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rwx------")));
        }
        checkDirectory();
        Files.deleteIfExists(beside());
        if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            checkStale();
        }
    }

    private void checkDirectory() throws IOException {
        Path real = directory.toRealPath();
        PosixFileAttributes attributes = Files.readAttributes(real, PosixFileAttributes.class);
        Set<PosixFilePermission> permissions = attributes.permissions();
        if (permissions.contains(PosixFilePermission.OTHERS_WRITE)
                || permissions.contains(PosixFilePermission.GROUP_WRITE)) {
            throw new IOException(
                    "socket directory %s may be written by others than its owner (%s)"
                            .formatted(real, PosixFilePermissions.toString(permissions)));
        }
        // /proc/self belongs to the user this process runs as; no call of the kernel's is needed.
        if (!attributes.owner().equals(Files.getOwner(Path.of("/proc/self")))) {
            throw new IOException(
                    "socket directory %s belongs to %s"
                            .formatted(real, attributes.owner().getName()));
        }
    }

    private void checkStale() throws IOException {
        PosixFileAttributes attributes =
                Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!attributes.isOther()) {
            throw new IOException("%s exists and is not a socket".formatted(path));
        }
        boolean answered;
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            answered = channel.connect(UnixDomainSocketAddress.of(path));
        } catch (IOException _) {
            // Nobody listens any more; publishing replaces it.
            return;
        }
        if (answered) {
            throw new IOException("another process answers on socket %s".formatted(path));
        }
    }

    /// Gives the bound socket its mode and then its name, in place of one that nobody serves.
    void publish() throws IOException {
        Files.setPosixFilePermissions(beside(), PosixFilePermissions.fromString("rw-rw----"));
        inode = inodeOf(beside());
        Files.move(
                beside(),
                path,
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }

    /// Takes the name away, if it still is our socket's.
    void remove() throws IOException {
        if (inode == null) {
            return;
        }
        try {
            if (inode.equals(inodeOf(path))) {
                Files.delete(path);
            }
        } catch (NoSuchFileException _) {
            // Somebody tidied up before us.
        }
        inode = null;
    }

    private static @Nullable Object inodeOf(Path file) throws IOException {
        return Files.readAttributes(file, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .fileKey();
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
