package io.carpel.runtime.cdi;

import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.error.UnsupportedException;
import io.carpel.runtime.spec.MountSpec;
import io.carpel.runtime.spec.Printable;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.yaml.YAMLMapper;

/// The devices that files in some directories describe.
///
/// A later directory has precedence over an earlier one. Two files of the same directory that
/// define the same device are a conflict, and the device cannot be used until it is settled.
/// Thread-safe.
public final class CdiRegistry {
    /// Far above what device plugins write.
    private static final long MAX_BYTES = 4L << 20;

    private static final int MAX_FILES = 1000;
    private static final int MAX_NAMES = 1000;
    private static final int SHOWN_PROBLEMS = 3;

    // Thread-safe, and costly to make.
    private static final ObjectMapper JSON = JsonMapper.builder().build();
    private static final ObjectMapper YAML = YAMLMapper.builder().build();

    private final Supplier<List<Path>> where;
    private final Map<Path, Parsed> cache = new ConcurrentHashMap<>();

    /// A file that has the same stamp has the same content.
    private record Stamp(Object key, FileTime modified, long size) {}

    /// @param problem why there is no specification
    private record Parsed(Stamp stamp, Optional<DeviceFile> spec, String problem) {}

    /// @param specs by the precedence of their directories, lowest first
    private record Scan(
            List<Path> directories, List<List<DeviceFile>> specs, List<String> problems) {}

    /// @param where directories in the order of their precedence, lowest first; a missing one is
    ///   empty. Asked whenever devices are wanted
    public CdiRegistry(Supplier<List<Path>> where) {
        this.where = where;
    }

    /// What the named devices add to a container, in the order of the names.
    ///
    /// @param names each like `vendor.com/class=device`
    /// @throws InvalidArgumentException when a name cannot be one
    /// @throws NotFoundException when a device, or what it needs on the host, is not there
    /// @throws FailedPreconditionException when a device is defined twice
    /// @throws UnsupportedException when a device needs what cannot be done
    public CdiEdits resolve(List<String> names) {
        if (names.isEmpty()) {
            return CdiEdits.NONE;
        }
        if (names.size() > MAX_NAMES) {
            throw new InvalidArgumentException(
                    "%d CDI devices are more than %d".formatted(names.size(), MAX_NAMES));
        }
        for (String name : names) {
            if (!SpecReader.isQualified(name)) {
                throw new InvalidArgumentException(
                        "CDI device '%s' is not like vendor.com/class=device"
                                .formatted(Printable.of(name)));
            }
        }
        Scan scan = scan();
        CdiEdits edits = CdiEdits.NONE;
        Set<Path> opened = new LinkedHashSet<>();
        for (String name : new LinkedHashSet<>(names)) {
            DeviceFile found = find(name, scan);
            // What is common to a file's devices is added once.
            CdiEdits more = opened.add(found.file()) ? found.common() : CdiEdits.NONE;
            String device = name.substring(name.indexOf('=') + 1);
            more = more.and(found.devices().getOrDefault(device, CdiEdits.NONE));
            check(name, found, more);
            edits = edits.and(more);
        }
        return edits;
    }

    private static void check(String name, DeviceFile found, CdiEdits edits) {
        if (!edits.refused().isEmpty()) {
            throw new UnsupportedException(
                    "CDI device %s of %s needs what is not supported: %s"
                            .formatted(name, found.file(), String.join(", ", edits.refused())));
        }
        for (MountSpec mount : edits.mounts()) {
            if (!Files.exists(Path.of(mount.source()))) {
                throw new NotFoundException(
                        "CDI device %s of %s: %s does not exist on this host"
                                .formatted(name, found.file(), Printable.of(mount.source())));
            }
        }
    }

    private DeviceFile find(String name, Scan scan) {
        int equals = name.indexOf('=');
        String kind = name.substring(0, equals);
        String device = name.substring(equals + 1);
        for (List<DeviceFile> level : scan.specs().reversed()) {
            List<DeviceFile> having =
                    level.stream()
                            .filter(spec -> spec.kind().equals(kind))
                            .filter(spec -> spec.devices().containsKey(device))
                            .toList();
            if (having.size() > 1) {
                throw new FailedPreconditionException(
                        "CDI device %s is defined by each of %s"
                                .formatted(
                                        name,
                                        having.stream()
                                                .map(spec -> spec.file().toString())
                                                .collect(Collectors.joining(", "))));
            }
            if (having.size() == 1) {
                return having.getFirst();
            }
        }
        throw new NotFoundException(
                "CDI device %s is not defined by any file in %s%s"
                        .formatted(name, scan.directories(), problems(scan)));
    }

    private static String problems(Scan scan) {
        if (scan.problems().isEmpty()) {
            return "";
        }
        return "; files that cannot be used: "
                + scan.problems().stream().limit(SHOWN_PROBLEMS).collect(Collectors.joining("; "))
                + (scan.problems().size() > SHOWN_PROBLEMS ? " …" : "");
    }

    private Scan scan() {
        List<List<DeviceFile>> specs = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        Set<Path> seen = new LinkedHashSet<>();
        List<Path> directories = where.get();
        for (Path directory : directories) {
            List<DeviceFile> level = new ArrayList<>();
            for (Path file : list(directory, problems)) {
                seen.add(file);
                Parsed parsed = parsed(file);
                parsed.spec().ifPresent(level::add);
                if (parsed.spec().isEmpty()) {
                    problems.add(file + ": " + parsed.problem());
                }
            }
            specs.add(level);
        }
        cache.keySet().retainAll(seen);
        return new Scan(directories, specs, problems);
    }

    private static List<Path> list(Path directory, List<String> problems) {
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, "*.{json,yaml}")) {
            for (Path entry : entries) {
                if (files.size() == MAX_FILES) {
                    problems.add("%s holds more than %d files".formatted(directory, MAX_FILES));
                    break;
                }
                files.add(entry);
            }
        } catch (NoSuchFileException | NotDirectoryException _) {
            return List.of();
        } catch (IOException e) {
            problems.add("%s: %s".formatted(directory, e.getMessage()));
        }
        files.sort(null);
        return files;
    }

    private Parsed parsed(Path file) {
        Optional<Stamp> stamp = Optional.empty();
        try {
            PosixFileAttributes found = Files.readAttributes(file, PosixFileAttributes.class);
            Stamp now = new Stamp(key(file), found.lastModifiedTime(), found.size());
            stamp = Optional.of(now);
            Parsed before = cache.get(file);
            if (before != null && before.stamp().equals(now)) {
                return before;
            }
            if (!found.isRegularFile() || found.size() > MAX_BYTES) {
                throw new SpecException("is no file of at most %d bytes".formatted(MAX_BYTES));
            }
            if (found.permissions().contains(PosixFilePermission.OTHERS_WRITE)) {
                throw new SpecException("may be written by everybody");
            }
            ObjectMapper mapper = file.toString().endsWith(".json") ? JSON : YAML;
            DeviceFile spec = SpecReader.read(file, mapper.readTree(Files.readAllBytes(file)));
            return keep(file, new Parsed(now, Optional.of(spec), ""));
        } catch (SpecException e) {
            return failed(file, stamp, String.valueOf(e.getMessage()));
        } catch (JacksonException e) {
            return failed(
                    file,
                    stamp,
                    "line %d: %s".formatted(e.getLocation().getLineNr(), e.getOriginalMessage()));
        } catch (IOException e) {
            return failed(file, stamp, "cannot be read: " + e);
        }
    }

    private static Object key(Path file) throws IOException {
        return Files.getAttribute(file, "unix:ctime");
    }

    private Parsed failed(Path file, Optional<Stamp> stamp, String problem) {
        return keep(
                file,
                new Parsed(
                        stamp.orElse(new Stamp("", FileTime.fromMillis(0), -1)),
                        Optional.empty(),
                        problem));
    }

    private Parsed keep(Path file, Parsed parsed) {
        cache.put(file, parsed);
        return parsed;
    }
}
