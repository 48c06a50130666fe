package io.carpel.runtime.kernel;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/// An OCI image layout made from this host's busybox and the libraries it needs.
final class TestImageLayout {
    static final String NAME = "example.test/carpel/busybox:it";

    /// An image of two layers without a program: something to be mounted as a volume.
    static final String VOLUME = "example.test/carpel/volume:it";

    /// The same programs as [#NAME], and all by which other runtimes know a checkpoint.
    static final String CHECKPOINT = "example.test/carpel/checkpoint:it";

    private static final List<String> CHECKPOINT_MARKS =
            List.of(
                    "io.kubernetes.cri-o.annotations.checkpoint.name",
                    "org.criu.checkpoint.container.name",
                    "org.criu.checkpoint.engine.name",
                    "io.podman.annotations.checkpoint.name");

    private static final List<String> APPLETS =
            List.of(
                    "sh",
                    "sleep",
                    "cat",
                    "ls",
                    "id",
                    "mount",
                    "ps",
                    "hostname",
                    "echo",
                    "kill",
                    "touch",
                    "mkdir",
                    "stat",
                    "readlink",
                    "true",
                    "false",
                    "grep",
                    "env",
                    "dd",
                    "ipcs",
                    "nc",
                    "wget",
                    "ip",
                    "ping",
                    "printf",
                    "seq",
                    "head",
                    "wc",
                    "rm",
                    "chmod",
                    "sync",
                    "pidof",
                    "test",
                    "tty",
                    "usleep",
                    "od");

    private TestImageLayout() {}

    /// Writes a layout with [#NAME] into `directory`.
    static void write(Path directory) throws IOException {
        write(directory, NAME, List.of(layer()));
    }

    /// Writes a layout with [#VOLUME] into `directory`.
    static void writeVolume(Path directory) throws IOException {
        write(directory, VOLUME, List.of(lowerVolume(), upperVolume()));
    }

    /// Writes a layout with [#CHECKPOINT] into `directory`.
    static void writeCheckpoint(Path directory) throws IOException {
        String marks =
                CHECKPOINT_MARKS.stream()
                        .map("\"%s\":\"one\""::formatted)
                        .collect(Collectors.joining(",", "\"annotations\":{", "},"));
        write(directory, CHECKPOINT, List.of(layer(), checkpoint()), marks);
    }

    private static void write(Path directory, String name, List<byte[]> layers) throws IOException {
        write(directory, name, layers, "");
    }

    /// @param more members of the manifest, as JSON with a comma after each
    private static void write(Path directory, String name, List<byte[]> layers, String more)
            throws IOException {
        Path blobs = Files.createDirectories(directory.resolve("blobs/sha256"));
        List<String> diffIds = new ArrayList<>();
        List<String> descriptors = new ArrayList<>();
        for (byte[] layer : layers) {
            String digest = blob(blobs, layer);
            diffIds.add("\"sha256:%s\"".formatted(digest));
            descriptors.add(
                    """
                    {"mediaType":"application/vnd.oci.image.layer.v1.tar",
                     "digest":"sha256:%s","size":%d}\
                    """
                            .formatted(digest, layer.length));
        }
        String config =
                """
                {"architecture":"amd64","os":"linux",
                 "config":{"Env":["PATH=/usr/bin:/bin","FROM_IMAGE=yes"],"Cmd":["sh"]},
                 "rootfs":{"type":"layers","diff_ids":[%s]},"history":[]}
                """
                        .formatted(String.join(",", diffIds));
        String configDigest = blob(blobs, utf8(config));
        String manifest =
                """
                {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",%s
                 "config":{"mediaType":"application/vnd.oci.image.config.v1+json",
                           "digest":"sha256:%s","size":%d},
                 "layers":[%s]}
                """
                        .formatted(
                                more,
                                configDigest,
                                utf8(config).length,
                                String.join(",", descriptors));
        String manifestDigest = blob(blobs, utf8(manifest));
        Files.writeString(
                directory.resolve("index.json"),
                """
                {"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json",
                 "manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",
                   "digest":"sha256:%s","size":%d,
                   "annotations":{"org.opencontainers.image.ref.name":"%s"}}]}
                """
                        .formatted(manifestDigest, utf8(manifest).length, name));
        Files.writeString(directory.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
    }

    private static byte[] lowerVolume() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
            directory(tar, "data/");
            text(tar, "data/lower", "from the lower layer\n");
            text(tar, "data/both", "hidden\n");
            content(tar, "data/program", utf8("#!/bin/sh\necho ran\n"), 0755);
        }
        return bytes.toByteArray();
    }

    private static byte[] upperVolume() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
            directory(tar, "data/");
            text(tar, "data/both", "from the upper layer\n");
            links(tar);
        }
        return bytes.toByteArray();
    }

    /// Links for those who mount a part of an image: out of it, in a circle, and within.
    private static void links(TarArchiveOutputStream tar) throws IOException {
        directory(tar, "links/");
        text(tar, "links/end", "at the end of a link\n");
        link(tar, "links/out", "/../../../../../../../../etc/machine-id");
        link(tar, "links/up", "../../../../../../../../etc/machine-id");
        link(tar, "links/loop", "loop");
        link(tar, "links/inside", "/links/end");
        link(tar, "links/near", "end");
        link(tar, "links/climbing", "../../../../../../../../links/end");
    }

    private static void link(TarArchiveOutputStream tar, String name, String content)
            throws IOException {
        TarArchiveEntry link = new TarArchiveEntry(name, TarConstants.LF_SYMLINK);
        link.setLinkName(content);
        tar.putArchiveEntry(link);
        tar.closeArchiveEntry();
    }

    /// The files of a checkpoint, of a container that was allowed everything.
    private static byte[] checkpoint() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
            text(
                    tar,
                    "spec.dump",
                    """
                    {"ociVersion":"1.2.0","process":{"user":{"uid":0},"noNewPrivileges":false,
                      "capabilities":{"effective":["CAP_SYS_ADMIN"],"bounding":["CAP_SYS_ADMIN"],
                        "permitted":["CAP_SYS_ADMIN"],"inheritable":["CAP_SYS_ADMIN"]}},
                     "mounts":[{"destination":"/host","source":"/","type":"bind"}],
                     "annotations":{"io.kubernetes.cri-o.PrivilegedRuntime":"true"}}
                    """);
            text(tar, "config.dump", "{\"id\":\"one\",\"runtime\":\"runc\"}\n");
            text(tar, "status.dump", "{}\n");
            directory(tar, "checkpoint/");
            text(tar, "checkpoint/inventory.img", "no image\n");
        }
        return bytes.toByteArray();
    }

    private static byte[] layer() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
            tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
            for (String directory :
                    List.of(
                            "bin/",
                            "usr/",
                            "usr/bin/",
                            "etc/",
                            "tmp/",
                            "root/",
                            "proc/",
                            "sys/",
                            "dev/",
                            "lib64/",
                            "lib/")) {
                directory(tar, directory);
            }
            file(tar, "bin/busybox", Path.of("/bin/busybox"), 0755);
            for (String program : List.of("/usr/bin/ipcmk", "/usr/bin/ipcs")) {
                file(tar, program.substring(1), Path.of(program), 0755);
            }
            Set<String> libraries = new LinkedHashSet<>(libraries("/bin/busybox"));
            libraries.addAll(libraries("/usr/bin/ipcmk"));
            Set<String> made = new LinkedHashSet<>(List.of("lib", "lib64"));
            for (String library : libraries) {
                parents(tar, library.substring(1), made);
                file(tar, library.substring(1), Path.of(library), 0755);
            }
            for (String applet : APPLETS) {
                TarArchiveEntry link =
                        new TarArchiveEntry("bin/" + applet, TarConstants.LF_SYMLINK);
                link.setLinkName("busybox");
                tar.putArchiveEntry(link);
                tar.closeArchiveEntry();
            }
            text(
                    tar,
                    "etc/passwd",
                    "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n");
            text(tar, "etc/group", "root:x:0:\nalice:x:1000:\nextra:x:2000:alice\n");
            links(tar);
        }
        return bytes.toByteArray();
    }

    private static void parents(TarArchiveOutputStream tar, String path, Set<String> made)
            throws IOException {
        int slash = path.lastIndexOf('/');
        if (slash > 0 && made.add(path.substring(0, slash))) {
            parents(tar, path.substring(0, slash), made);
            directory(tar, path.substring(0, slash) + "/");
        }
    }

    private static List<String> libraries(String program) throws IOException {
        Process ldd = new ProcessBuilder("ldd", program).start();
        try (BufferedReader lines = ldd.inputReader()) {
            return lines.lines()
                    .map(line -> line.replaceFirst(".*=> ", "").strip())
                    .filter(line -> line.startsWith("/"))
                    .map(line -> line.split(" ", 2)[0])
                    .toList();
        }
    }

    private static void directory(TarArchiveOutputStream tar, String name) throws IOException {
        TarArchiveEntry entry = new TarArchiveEntry(name);
        entry.setMode(name.equals("tmp/") ? 01777 : 0755);
        tar.putArchiveEntry(entry);
        tar.closeArchiveEntry();
    }

    private static void file(TarArchiveOutputStream tar, String name, Path from, int mode)
            throws IOException {
        content(tar, name, Files.readAllBytes(from), mode);
    }

    private static void text(TarArchiveOutputStream tar, String name, String text)
            throws IOException {
        content(tar, name, utf8(text), 0644);
    }

    private static void content(TarArchiveOutputStream tar, String name, byte[] data, int mode)
            throws IOException {
        TarArchiveEntry entry = new TarArchiveEntry(name);
        entry.setMode(mode);
        entry.setSize(data.length);
        tar.putArchiveEntry(entry);
        tar.write(data);
        tar.closeArchiveEntry();
    }

    private static String blob(Path blobs, byte[] content) throws IOException {
        try {
            String digest =
                    HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
            Files.write(blobs.resolve(digest), content);
            return digest;
        } catch (NoSuchAlgorithmException e) {
            throw new IOException(e);
        }
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
