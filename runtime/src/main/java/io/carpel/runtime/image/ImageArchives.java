package io.carpel.runtime.image;

import io.carpel.runtime.error.AlreadyExistsException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.error.UnsupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Images as files: OCI layouts (directory or archive) and `docker save` archives.
public final class ImageArchives {
    /// Form of an exported archive.
    public enum Format {
        OCI_ARCHIVE,
        OCI_DIRECTORY,
        DOCKER_ARCHIVE
    }

    public ImageArchives(ImageStore store) {}

    /// Imports every image of an OCI layout directory, an OCI archive or a `docker save` archive,
    /// plain or compressed with gzip or zstd; the form is recognised by its content.
    ///
    /// @return what is present now, in the archive's order
    public List<Image> importFrom(Path source, PullProgress progress, Cancellation cancellation) {
        if (!Files.exists(source)) {
            throw new NotFoundException("archive " + source + " does not exist");
        }
        throw new UnsupportedException("import " + source);
    }

    /// Writes the images to `target`, which must not exist yet.
    ///
    /// @param refs any form of reference; a name that was given becomes the name in the archive
    public void exportTo(
            List<String> refs,
            Path target,
            Format format,
            PullProgress progress,
            Cancellation cancellation) {
        if (Files.exists(target)) {
            throw new AlreadyExistsException("export target " + target + " exists");
        }
        throw new UnsupportedException("export " + refs);
    }
}
