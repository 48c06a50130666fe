package io.carpel.runtime.network.cni;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Finds the network that serves: the first usable file of the configuration directory in the order
/// of names, as libcni's users have it.
///
/// Each look lists the directory and compares names, sizes and times with the last look: a few
/// system calls, and no watcher that could miss a change. Files are read again only after a change.
final class CniConfigLoader {
    private static final int MAX_FILES = 1000;
    private static final int MAX_SIZE = 1 << 20;

    private final Path directory;

    // Replaced as a whole; two threads that look at once both load, and either result is right.
    private volatile @Nullable Loaded last;

    CniConfigLoader(Path directory) {
        this.directory = directory;
    }

    /// What the directory says.
    ///
    /// @param files every configuration file there is, usable or not
    /// @param problems why a file was passed over, one sentence each
    record Loaded(
            Optional<CniNetworkList> network,
            List<String> files,
            List<String> problems,
            List<Stamp> stamps) {
        Loaded {
            files = List.copyOf(files);
            problems = List.copyOf(problems);
            stamps = List.copyOf(stamps);
        }
    }

    /// A file as it was: another write gives another time, another file another key.
    record Stamp(Path file, long size, long modifiedNanos, String key) {}

    Loaded load() {
        try {
            List<Stamp> stamps = stamps();
            Loaded previous = last;
            if (previous != null && previous.stamps().equals(stamps)) {
                return previous;
            }
            Loaded loaded = read(stamps);
            last = loaded;
            return loaded;
        } catch (IOException e) {
            return new Loaded(
                    Optional.empty(),
                    List.of(),
                    List.of("%s cannot be read: %s".formatted(directory, e.getMessage())),
                    List.of());
        }
    }

    private List<Stamp> stamps() throws IOException {
        var stamps = new ArrayList<Stamp>();
        var subdirectories = new ArrayList<Path>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (Path entry : entries) {
                if (stamps.size() + subdirectories.size() >= MAX_FILES) {
                    throw new IOException("more than " + MAX_FILES + " files");
                }
                if (isConfiguration(entry)) {
                    stamp(entry).ifPresent(stamps::add);
                } else if (Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
                    subdirectories.add(entry);
                }
            }
        } catch (NoSuchFileException | NotDirectoryException _) {
            return List.of();
        }
        // Plugins in files of their own, below a directory named like the network.
        for (Path subdirectory : subdirectories) {
            for (Path file : confFiles(subdirectory)) {
                stamp(file).ifPresent(stamps::add);
            }
        }
        stamps.sort((a, b) -> a.file().compareTo(b.file()));
        return stamps;
    }

    private static List<Path> confFiles(Path directory) throws IOException {
        var files = new ArrayList<Path>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, "*.conf")) {
            for (Path entry : entries) {
                if (files.size() >= MAX_FILES) {
                    throw new IOException("%s: more than %d files".formatted(directory, MAX_FILES));
                }
                files.add(entry);
            }
        } catch (NoSuchFileException | NotDirectoryException _) {
            return List.of();
        }
        files.sort(null);
        return files;
    }

    private static Optional<Stamp> stamp(Path file) throws IOException {
        try {
            var attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return Optional.of(
                    new Stamp(
                            file,
                            attributes.size(),
                            attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS),
                            String.valueOf(attributes.fileKey())));
        } catch (NoSuchFileException _) {
            return Optional.empty(); // gone since the directory was listed, or a dangling link
        }
    }

    private static boolean isConfiguration(Path file) {
        String name = file.getFileName().toString();
        return name.endsWith(".conflist") || name.endsWith(".conf") || name.endsWith(".json");
    }

    private Loaded read(List<Stamp> stamps) {
        var files = new ArrayList<String>();
        var problems = new ArrayList<String>();
        Optional<CniNetworkList> network = Optional.empty();
        for (Stamp stamp : stamps) {
            Path file = stamp.file();
            if (!directory.equals(file.getParent())) {
                continue;
            }
            files.add(file.toString());
            if (network.isPresent()) {
                continue;
            }
            try {
                network = Optional.of(read(file));
            } catch (IOException | CniConfigException e) {
                problems.add("%s: %s".formatted(file, e.getMessage()));
            }
        }
        return new Loaded(network, files, problems, stamps);
    }

    private CniNetworkList read(Path file) throws IOException, CniConfigException {
        byte[] content = content(file);
        if (!file.toString().endsWith(".conflist")) {
            return CniNetworkList.parseSingle(content);
        }
        CniNetworkList network = CniNetworkList.parse(content);
        if (network.onlyInlinedPlugins()) {
            return network;
        }
        var others = new ArrayList<byte[]>();
        for (Path other : confFiles(directory.resolve(network.name()))) {
            others.add(content(other));
        }
        CniNetworkList whole = others.isEmpty() ? network : network.withPlugins(others);
        if (whole.plugins().isEmpty()) {
            throw new CniConfigException("plugins is missing or empty");
        }
        return whole;
    }

    private static byte[] content(Path file) throws IOException, CniConfigException {
        if (!Files.isRegularFile(file)) {
            throw new CniConfigException("is not a regular file");
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] content = in.readNBytes(MAX_SIZE + 1);
            if (content.length > MAX_SIZE) {
                throw new CniConfigException("is larger than " + MAX_SIZE + " bytes");
            }
            return content;
        }
    }
}
