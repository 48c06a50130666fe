package io.carpel.runtime.cgroup;

import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.FileCalls;
import io.carpel.runtime.linux.LinuxFileCalls;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.OptionalLong;

/// One directory of a cgroup filesystem and its files. A value is written by one write(2), as the
/// kernel wants it.
record CgroupDir(Path path) {
    private static final int USUAL_SIZE = 1024;
    private static final FileCalls FILES = new LinuxFileCalls();

    boolean exists() {
        return Files.isDirectory(path);
    }

    boolean has(String file) {
        return Files.exists(path.resolve(file));
    }

    CgroupDir child(String name) {
        return new CgroupDir(path.resolve(name));
    }

    /// Statistics are many small reads: half the time of [Files#readString], which asks for a size
    /// that these files do not have.
    String read(String file) throws IOException {
        try (FileChannel channel = FileChannel.open(path.resolve(file), StandardOpenOption.READ)) {
            ByteBuffer buffer = ByteBuffer.allocate(USUAL_SIZE);
            while (channel.read(buffer) > 0) {
                if (!buffer.hasRemaining()) {
                    buffer = ByteBuffer.allocate(buffer.capacity() * 4).put(buffer.flip());
                }
            }
            return new String(buffer.array(), 0, buffer.position(), StandardCharsets.US_ASCII)
                    .strip();
        }
    }

    /// The file's content, or `otherwise` when there is no such file.
    String readOr(String file, String otherwise) throws IOException {
        try {
            return read(file);
        } catch (NoSuchFileException _) {
            return otherwise;
        }
    }

    List<String> lines(String file) throws IOException {
        return readOr(file, "").lines().toList();
    }

    /// A file that holds one number; empty when there is no such file or it says `max`.
    OptionalLong number(String file) throws IOException {
        return parse(readOr(file, ""));
    }

    static OptionalLong parse(String text) {
        if (text.isEmpty() || text.equals("max")) {
            return OptionalLong.empty();
        }
        try {
            // Some v1 counters reach beyond 2^63.
            return OptionalLong.of(Math.max(0, Long.parseUnsignedLong(text)));
        } catch (NumberFormatException _) {
            return OptionalLong.empty();
        }
    }

    /// The number after `key` in a file of `key number` lines; 0 when there is none.
    long keyed(String file, String key) throws IOException {
        return KeyedNumbers.of(readOr(file, "")).get(key);
    }

    void write(String file, String value) throws IOException {
        writeEach(file, List.of(value));
    }

    /// Each value by a write(2) of its own.
    void writeEach(String file, List<String> values) throws IOException {
        try (Fd open = FILES.open(path.resolve(file).toString(), FileCalls.O_WRONLY, 0)) {
            for (String value : values) {
                // A write of no bytes would not reach the file; an empty line clears a list.
                byte[] line = (value.isEmpty() ? "\n" : value).getBytes(StandardCharsets.US_ASCII);
                FILES.writeFully(open, ByteBuffer.allocateDirect(line.length).put(line).flip());
            }
        }
    }

    /// Removes it if nothing is in it.
    ///
    /// @return false while it is busy
    boolean remove() throws IOException {
        try {
            FILES.rmdir(path.toString());
            return true;
        } catch (ErrnoException e) {
            if (e.is(Errno.ENOENT)) {
                return true;
            }
            if (e.is(Errno.EBUSY) || e.is(Errno.ENOTEMPTY)) {
                return false;
            }
            throw e;
        }
    }

    /// As [#write], with the kernel's refusal turned into a failure that names file and value.
    void set(String file, String value) {
        try {
            write(file, value);
        } catch (IOException e) {
            throw refused(file, value, e);
        }
    }

    RuntimeException refused(String file, String value, IOException e) {
        int errno = Errno.of(e);
        String message =
                "could not write '%s' to %s: %s"
                        .formatted(value, path.resolve(file), Errno.describe(errno));
        return switch (errno) {
            case Errno.EINVAL, Errno.ERANGE, Errno.EDOM, Errno.EOVERFLOW, Errno.E2BIG ->
                    new InvalidArgumentException(message, e);
            // A device that is not there, or a group that is not there any more.
            case Errno.ENODEV ->
                    exists()
                            ? new InvalidArgumentException(message, e)
                            : new KernelFaultException(message, e);
            // Possible, but not here: more than the group above has (EACCES), or what is another's
            // alone.
            case Errno.EBUSY, Errno.EACCES, Errno.EPERM, Errno.ENOSPC, Errno.ENOTSUP ->
                    new FailedPreconditionException(message, e);
            default -> new KernelFaultException(message, e);
        };
    }
}
