package io.carpel.runtime.namespace;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.error.ResourceExhaustedException;
import io.carpel.runtime.spec.IdMapping;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/// Ranges of ids and the maps made of them.
public final class UserNamespaces {
    private static final long MAX_FILE = 1 << 20;

    private UserNamespaces() {}

    /// The ranges of one user, in the file's order.
    ///
    /// @param user a name, or a number for lines that have one
    public static List<IdRange> ranges(Path file, String user) {
        var ranges = new ArrayList<IdRange>();
        int number = 0;
        for (String line : lines(file)) {
            number++;
            String text = line.strip();
            if (text.isEmpty() || text.startsWith("#")) {
                continue;
            }
            String[] fields = text.split(":", -1);
            if (fields.length != 3) {
                throw new InvalidArgumentException(
                        "%s line %d is not like name:start:count".formatted(file, number));
            }
            if (!fields[0].equals(user)) {
                continue;
            }
            IdRange range = range(file, number, fields);
            for (IdRange other : ranges) {
                if (range.overlaps(other)) {
                    throw new InvalidArgumentException(
                            "%s line %d overlaps another range of %s"
                                    .formatted(file, number, user));
                }
            }
            ranges.add(range);
        }
        if (ranges.isEmpty()) {
            throw new NotFoundException(
                    "%s gives no ids to %s: add a line like %s:100000:65536"
                            .formatted(file, user, user));
        }
        return List.copyOf(ranges);
    }

    private static IdRange range(Path file, int line, String[] fields) {
        try {
            return new IdRange(Long.parseLong(fields[1]), Long.parseLong(fields[2]));
        } catch (NumberFormatException | InvalidArgumentException e) {
            throw new InvalidArgumentException(
                    "%s line %d: %s:%s is not a range of ids"
                            .formatted(file, line, fields[1], fields[2]),
                    e);
        }
    }

    private static List<String> lines(Path file) {
        try {
            if (Files.size(file) > MAX_FILE) {
                throw new ResourceExhaustedException(
                        "%s is larger than %d bytes".formatted(file, MAX_FILE));
            }
            return Files.readAllLines(file, StandardCharsets.UTF_8);
        } catch (NoSuchFileException _) {
            return List.of();
        } catch (IOException e) {
            throw new KernelFaultException("could not read %s".formatted(file), e);
        }
    }

    /// Gives a process in a new user namespace its maps.
    ///
    /// @param process its directory in `/proc`
    static void writeMaps(Path process, List<IdMapping> uids, List<IdMapping> gids)
            throws IOException {
        // One write each: the kernel takes a map only whole and only once.
        write(process.resolve("uid_map"), uids);
        write(process.resolve("gid_map"), gids);
    }

    private static void write(Path file, List<IdMapping> map) throws IOException {
        Files.write(file, text(map).getBytes(StandardCharsets.US_ASCII), StandardOpenOption.WRITE);
    }

    /// What is written to `uid_map` or `gid_map` (user_namespaces(7)).
    public static String text(List<IdMapping> map) {
        var text = new StringBuilder();
        for (IdMapping line : map) {
            text.append(line.containerId())
                    .append(' ')
                    .append(line.hostId())
                    .append(' ')
                    .append(line.size())
                    .append('\n');
        }
        return text.toString();
    }
}
