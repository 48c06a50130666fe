package io.carpel.runtime.image.registry;

import io.carpel.runtime.error.FailedPreconditionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/// Configuration files of the host: absent is fine, unreadable is an error that names the file.
final class ConfigFiles {
    private ConfigFiles() {}

    static Optional<byte[]> read(Path file, int limit) {
        try (var in = Files.newInputStream(file)) {
            byte[] content = in.readNBytes(limit + 1);
            if (content.length > limit) {
                throw new FailedPreconditionException(file + " is larger than " + limit + " bytes");
            }
            return Optional.of(content);
        } catch (NoSuchFileException _) {
            return Optional.empty();
        } catch (IOException e) {
            throw new FailedPreconditionException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    /// Files of the directory with this ending, in order of their names.
    static List<Path> dropIns(Path directory, String ending) {
        List<Path> out = new ArrayList<>();
        try (var entries = Files.newDirectoryStream(directory, "*" + ending)) {
            entries.forEach(out::add);
        } catch (NoSuchFileException | NotDirectoryException _) {
            return List.of();
        } catch (IOException e) {
            throw new FailedPreconditionException(
                    "cannot read " + directory + ": " + e.getMessage(), e);
        }
        Collections.sort(out);
        return out;
    }
}
