package io.carpel.runtime.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The small files in which a host describes itself.
///
/// @param root `/`, or a copy of some of it in tests
record HostFiles(Path root) {
    private static final Pattern RELEASE = Pattern.compile("(\\d{1,4})\\.(\\d{1,4}).*");
    private static final Pattern HUGEPAGES = Pattern.compile("hugepages-(\\d{1,12})kB");
    private static final List<String> LIBRARY_DIRECTORIES =
            List.of("usr/lib64", "lib64", "usr/lib", "lib", "usr/local/lib");

    boolean exists(String path) {
        return Files.exists(root.resolve(path));
    }

    String line(String path) throws IOException {
        return Files.readString(root.resolve(path), StandardCharsets.US_ASCII).strip();
    }

    /// A mask from `/proc/self/status`, such as `CapEff`.
    long capabilities(String field) throws IOException {
        for (String line : line("proc/self/status").lines().toList()) {
            if (line.startsWith(field + ":")) {
                return Long.parseUnsignedLong(line.substring(field.length() + 1).strip(), 16);
            }
        }
        throw new IOException("/proc/self/status has no " + field);
    }

    /// @param wanted major and minor number
    static boolean isAtLeast(String release, int[] wanted) {
        Matcher matcher = RELEASE.matcher(release);
        if (!matcher.matches()) {
            return false;
        }
        int major = Integer.parseInt(matcher.group(1));
        int minor = Integer.parseInt(matcher.group(2));
        return major > wanted[0] || (major == wanted[0] && minor >= wanted[1]);
    }

    List<String> hugepageSizes() throws IOException {
        var sizes = new ArrayList<Long>();
        Path directory = root.resolve("sys/kernel/mm/hugepages");
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (Path entry : entries) {
                Matcher matcher = HUGEPAGES.matcher(String.valueOf(entry.getFileName()));
                if (matcher.matches()) {
                    sizes.add(Long.parseLong(matcher.group(1)));
                }
            }
        }
        return sizes.stream().sorted().map(HostFiles::size).toList();
    }

    private static String size(long kilobytes) {
        if (kilobytes >= 1 << 20) {
            return (kilobytes >> 20) + "GB";
        }
        return kilobytes >= 1 << 10 ? (kilobytes >> 10) + "MB" : kilobytes + "KB";
    }

    /// Whether the loader would find the library in one of the usual directories, or in those of an
    /// architecture below them.
    boolean hasLibrary(String name) throws IOException {
        for (String each : LIBRARY_DIRECTORIES) {
            Path directory = root.resolve(each);
            if (Files.exists(directory.resolve(name))) {
                return true;
            }
            if (!Files.isDirectory(directory)) {
                continue;
            }
            try (DirectoryStream<Path> below =
                    Files.newDirectoryStream(directory, "*-linux-gnu*")) {
                for (Path architecture : below) {
                    if (Files.exists(architecture.resolve(name))) {
                        return true;
                    }
                }
            }
        }
        return false;
    }
}
