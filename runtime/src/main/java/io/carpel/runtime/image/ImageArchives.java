package io.carpel.runtime.image;

import io.carpel.runtime.error.AlreadyExistsException;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.image.content.Digest;
import io.carpel.runtime.image.registry.RegistrySession;
import io.carpel.runtime.image.snapshot.ArchiveUnpacking;
import io.carpel.runtime.image.snapshot.DigestMismatchException;
import io.carpel.runtime.image.snapshot.LayerRefusedException;
import io.carpel.runtime.image.snapshot.OverlaySnapshotter;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.FileCalls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Images as files: OCI layouts (directory or archive) and `docker save` archives.
public final class ImageArchives {
    private final ImageStore store;
    private final LayerPool pool;

    /// Form of an exported archive.
    public enum Format {
        OCI_ARCHIVE,
        OCI_DIRECTORY,

        /// For `docker load`; a complete OCI layout as well.
        DOCKER_ARCHIVE
    }

    public ImageArchives(ImageStore store) {
        this.store = store;
        this.pool = new LayerPool(store);
    }

    /// Imports every image of an OCI layout directory, an OCI archive or a `docker save` archive,
    /// plain or compressed with gzip or zstd; the form is recognised by its content.
    ///
    /// @return what is present now, in the archive's order
    /// @throws NotFoundException when there is no such file, or an image is for other machines
    /// @throws InvalidArgumentException when it is no image archive, or a damaged one
    public List<Image> importFrom(Path source, PullProgress progress, Cancellation cancellation) {
        if (!Files.exists(source)) {
            throw new NotFoundException("archive " + source + " does not exist");
        }
        FileCalls files = store.files();
        try {
            if (Files.isDirectory(source)) {
                try (Fd root =
                        files.open(
                                source.toString(), FileCalls.O_RDONLY | FileCalls.O_DIRECTORY, 0)) {
                    return importTree(new ArchiveTree(files, root), progress, cancellation);
                }
            }
            try (var unpacked =
                    ArchiveUnpacking.of(
                            files,
                            store.settings().limits(),
                            source,
                            store.temporary(),
                            cancellation::check)) {
                return importTree(new ArchiveTree(files, unpacked.root()), progress, cancellation);
            }
        } catch (LayerRefusedException | DigestMismatchException e) {
            throw new InvalidArgumentException("archive " + source + ": " + e.getMessage(), e);
        } catch (IOException e) {
            cancellation.check();
            if (Failures.isLocal(e)) {
                throw Failures.local("import " + source, store.temporary(), e);
            }
            throw new InvalidArgumentException(
                    "archive " + source + " is damaged: " + e.getMessage(), e);
        }
    }

    private List<Image> importTree(
            ArchiveTree tree, PullProgress progress, Cancellation cancellation) throws IOException {
        List<Image> out = new ArrayList<>();
        for (ArchiveReader.Found found : new ArchiveReader(tree).read()) {
            out.add(importOne(tree, found, progress, cancellation));
        }
        return out;
    }

    private Image importOne(
            ArchiveTree tree,
            ArchiveReader.Found found,
            PullProgress progress,
            Cancellation cancellation) {
        Incoming incoming = found.image();
        PullJob.requireOurs(incoming.parsed().config(), incoming.config().toString());
        List<Digest> diffIds = incoming.parsed().diffIds();
        progress.on(
                new PullProgress.Event.Resolved(
                        incoming.config().toString(),
                        diffIds.size(),
                        found.layers().stream().mapToLong(ArchiveReader.Blob::size).sum()));
        Image image;
        boolean refitted;
        try (ImageStore.Ingest ingest = store.ingest()) {
            ingest.needLayers(diffIds);
            ingest.need(List.of(incoming.config(), incoming.manifest().digest()));
            // The caller's own wish to stop stays his: a failure must not look like one.
            Cancellation job = new Cancellation();
            try (var _ = cancellation.onStop(job::cancel)) {
                refitted = importLayers(tree, found, progress, job);
            } catch (ContainerRuntimeException e) {
                cancellation.check();
                throw e;
            }
            cancellation.check();
            image = ingest.publish(incoming, found.names());
        }
        if (refitted) {
            // The form of a layer that fitted nothing is of no more use.
            store.collect();
        }
        return image;
    }

    /// @return whether a layer had to be fitted to those below it
    private boolean importLayers(
            ArchiveTree tree, ArchiveReader.Found found, PullProgress progress, Cancellation job) {
        List<Digest> diffIds = found.image().parsed().diffIds();
        List<Optional<OverlaySnapshotter.Layer>> present = store.layers().find(diffIds);
        List<Runnable> tasks = new ArrayList<>();
        for (int i = 0; i < diffIds.size(); i++) {
            Digest diffId = diffIds.get(i);
            ArchiveReader.Blob blob = found.layers().get(i);
            if (present.get(i).isPresent()) {
                progress.on(new PullProgress.Event.Present(diffId.toString()));
            } else {
                OverlaySnapshotter.Target target = OverlaySnapshotter.Target.alone(diffId);
                tasks.add(() -> importLayer(tree, blob, target, progress, job));
            }
        }
        pool.runAll(tasks, job);
        return new LayerFitting(store.layers(), job)
                .fit(
                        diffIds,
                        (i, target) ->
                                importLayer(tree, found.layers().get(i), target, progress, job));
    }

    private void importLayer(
            ArchiveTree tree,
            ArchiveReader.Blob blob,
            OverlaySnapshotter.Target target,
            PullProgress progress,
            Cancellation cancellation) {
        String key = target.diffId().toString();
        OverlaySnapshotter.Source source =
                new OverlaySnapshotter.Source(
                        "an archive",
                        blob.digest(),
                        blob.size(),
                        () ->
                                new CheckedStream(
                                        new ProgressStream(
                                                tree.stream(blob.path()),
                                                key,
                                                blob.size(),
                                                progress),
                                        cancellation));
        try {
            LayerFailures.translated(
                    key,
                    store.layers().place(),
                    cancellation,
                    () -> store.layers().ensure(target, source, cancellation::check));
        } catch (RegistrySession.LocalFailure e) {
            throw e.failure();
        } catch (IOException e) {
            throw new FailedPreconditionException("import: " + e.getMessage(), e);
        }
        progress.on(new PullProgress.Event.Unpacked(key));
    }

    /// Writes the images to `target`, which must not exist yet. Ids stay what they are: layers are
    /// written exactly as they once came, but uncompressed.
    ///
    /// @param refs any form of reference; a name that was given becomes the name in the archive,
    ///   for an id all its names do
    /// @throws io.carpel.runtime.error.UnsupportedException when a layer's archive cannot be made
    ///   again because it held a file twice
    public void exportTo(
            List<String> refs,
            Path target,
            Format format,
            PullProgress progress,
            Cancellation cancellation) {
        if (Files.exists(target)) {
            throw new AlreadyExistsException("export target " + target + " exists");
        }
        new ArchiveWriter(store, progress, cancellation).write(refs, target, format);
    }
}
