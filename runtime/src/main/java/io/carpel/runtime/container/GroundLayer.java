package io.carpel.runtime.container;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/// The layer below all layers of an image: empty places for what is mounted in every container.
///
/// Few images have all of them, and each that is missing would be made in the container's writable
/// layer, with the directories above it copied up. What the image has, hides what is here.
public final class GroundLayer {
    private static final List<String> DIRECTORIES = List.of("dev", "etc", "proc", "sys");
    private static final List<String> FILES =
            List.of("etc/hostname", "etc/hosts", "etc/resolv.conf");

    private GroundLayer() {}

    /// Makes what is missing of it; done at each start, since nothing of it is synced.
    ///
    /// @param directory ours alone
    public static void make(Path directory) throws IOException {
        makeDirectory(directory);
        for (String name : DIRECTORIES) {
            makeDirectory(directory.resolve(name));
        }
        for (String name : FILES) {
            makeFile(directory.resolve(name));
        }
    }

    /// A directory of it that has nothing in it.
    static Path empty(Path directory) {
        return directory.resolve("proc");
    }

    private static void makeDirectory(Path directory) throws IOException {
        Files.createDirectories(directory);
        // Not as an attribute of its making: the umask would take some away.
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private static void makeFile(Path file) throws IOException {
        try {
            Files.createFile(file);
        } catch (FileAlreadyExistsException _) {
            // from an earlier start
        }
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    }
}
