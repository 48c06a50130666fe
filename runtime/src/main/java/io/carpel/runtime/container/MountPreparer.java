package io.carpel.runtime.container;

import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.error.UnsupportedException;
import io.carpel.runtime.image.Image;
import io.carpel.runtime.launch.ResolvedMount;
import io.carpel.runtime.lifecycle.Rollback;
import io.carpel.runtime.spec.MountSpec;
import io.carpel.runtime.spec.MountSpec.Propagation;
import io.carpel.runtime.spec.Printable;
import io.carpel.runtime.store.Trees;
import io.carpel.runtime.work.SlowCalls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;

/// Checks a container's mounts, finds their sources on the host, and puts them into an order in
/// which none hides another.
final class MountPreparer {
    private static final int LIMIT = 10_000;
    private static final Set<String> OPTIONS = Set.of("noexec", "nodev", "nosuid");

    private final ContainerImages images;
    private final SlowCalls slow;
    private final Options options;

    /// @param recursiveReadonly whether the kernel can (mount_setattr(2), 5.12)
    /// @param createMissing whether an absent source becomes a directory, asked each time
    record Options(boolean recursiveReadonly, BooleanSupplier createMissing) {}

    /// @param slow runs looks at the host's paths
    MountPreparer(ContainerImages images, SlowCalls slow, Options options) {
        this.images = images;
        this.slow = slow;
        this.options = options;
    }

    /// @param mounts shallow targets first
    /// @param imageIds images that were leased for them
    record Prepared(List<ResolvedMount> mounts, List<String> imageIds) {}

    /// @param owner of the leases on image volumes
    /// @param maps gives a mount its own id mappings
    /// @param mapped whether the container has a user namespace
    Prepared prepare(
            List<MountSpec> specs, String owner, VolumeMaps maps, boolean mapped, Rollback undo)
            throws IOException {
        if (specs.size() > LIMIT) {
            throw new InvalidArgumentException(
                    "%d mounts are more than %d".formatted(specs.size(), LIMIT));
        }
        for (MountSpec spec : specs) {
            check(spec, mapped);
        }
        Iterator<Path> sources = findSources(specs).iterator();
        List<ResolvedMount> mounts = new ArrayList<>(specs.size());
        List<String> imageIds = new ArrayList<>();
        for (MountSpec spec : specs) {
            if (spec.image().isPresent()) {
                Image image = leaseVolume(spec, owner, undo);
                imageIds.add(image.id());
                mounts.add(new ResolvedMount(spec, Path.of("/"), image.layers(), Optional.empty()));
            } else {
                mounts.add(new ResolvedMount(spec, sources.next(), List.of(), maps.of(spec)));
            }
        }
        checkPropagation(mounts);
        // A stable sort: of two mounts at one place the later one stays on top.
        mounts.sort(
                Comparator.comparingInt(
                        m -> Path.of(m.spec().target()).normalize().getNameCount()));
        return new Prepared(mounts, imageIds);
    }

    /// All in one go, on a thread that may hang at any of them.
    private List<Path> findSources(List<MountSpec> specs) throws IOException {
        List<MountSpec> onHost = specs.stream().filter(m -> m.image().isEmpty()).toList();
        if (onHost.isEmpty()) {
            return List.of();
        }
        return slow.call(spot -> {
            List<Path> found = new ArrayList<>(onHost.size());
            for (MountSpec spec : onHost) {
                spot.at("host path " + Printable.of(spec.source()));
                found.add(findSource(spec));
            }
            return found;
        });
    }

    private void check(MountSpec spec, boolean mapped) {
        String target = spec.target();
        if (!target.startsWith("/") || target.indexOf('\0') >= 0) {
            throw wrong(spec, "its path in the container is not absolute");
        }
        if (Path.of(target).normalize().getNameCount() == 0) {
            throw wrong(spec, "it would hide the container's root");
        }
        for (String option : spec.options()) {
            if (!OPTIONS.contains(option)) {
                throw wrong(spec, "option '%s' is none of %s".formatted(option, OPTIONS));
            }
        }
        if (spec.recursiveReadonly()) {
            checkRecursiveReadonly(spec);
        }
        if (mapped && spec.propagation() == Propagation.BIDIRECTIONAL) {
            // What its root mounts there would appear on the host, whose root it is not.
            throw wrong(spec, "bidirectional propagation does not go with a user namespace");
        }
        if (spec.image().isPresent()) {
            checkImageVolume(spec);
        } else if (!spec.source().startsWith("/") || spec.source().indexOf('\0') >= 0) {
            throw wrong(spec, "its host path is not absolute");
        }
    }

    private void checkRecursiveReadonly(MountSpec spec) {
        if (!spec.readonly()) {
            throw wrong(spec, "recursive read-only needs read-only");
        }
        if (spec.propagation() != Propagation.PRIVATE) {
            throw wrong(spec, "recursive read-only needs private propagation");
        }
        if (!options.recursiveReadonly()) {
            throw new UnsupportedException(
                    "mount at %s: this kernel has no recursive read-only mounts"
                            .formatted(Printable.of(spec.target())));
        }
    }

    private static void checkImageVolume(MountSpec spec) {
        if (!spec.source().isEmpty()) {
            throw wrong(spec, "it names both a host path and an image");
        }
        if (!spec.readonly()) {
            throw wrong(spec, "an image can be mounted read-only only");
        }
        if (spec.propagation() != Propagation.PRIVATE) {
            throw wrong(spec, "an image can be mounted with private propagation only");
        }
        if (!spec.uidMappings().isEmpty() || !spec.gidMappings().isEmpty()) {
            throw wrong(spec, "an image has the id mappings of its sandbox, none of its own");
        }
        for (Path part : Path.of(spec.imageSubPath())) {
            if (spec.imageSubPath().startsWith("/") || part.toString().equals("..")) {
                throw wrong(spec, "its sub path leads out of the image");
            }
        }
    }

    private Image leaseVolume(MountSpec spec, String owner, Rollback undo) {
        String reference = spec.image().orElseThrow();
        try {
            Image image =
                    images.find(reference)
                            .orElseThrow(() ->
                                    new NotFoundException(
                                            "image %s is not present".formatted(reference)));
            String leaseOwner = owner;
            undo.add(() -> images.release(image.id(), leaseOwner));
            return images.lease(image.id(), leaseOwner);
        } catch (ContainerRuntimeException e) {
            throw new NotFoundException(
                    "image volume at %s: %s".formatted(Printable.of(spec.target()), e.getMessage()),
                    e);
        }
    }

    private Path findSource(MountSpec spec) throws IOException {
        Path source;
        try {
            source = Path.of(spec.source());
        } catch (InvalidPathException e) {
            throw wrong(spec, "its host path cannot be a path");
        }
        if (!Files.exists(source)) {
            if (Files.isSymbolicLink(source)) {
                throw wrong(spec, "its host path is a link that leads nowhere");
            }
            if (!options.createMissing().getAsBoolean()) {
                throw new NotFoundException(
                        "mount at %s: host path %s does not exist"
                                .formatted(
                                        Printable.of(spec.target()), Printable.of(spec.source())));
            }
            Trees.makeReadable(source);
        }
        return source.toRealPath();
    }

    private static void checkPropagation(List<ResolvedMount> mounts) throws IOException {
        if (mounts.stream().allMatch(m -> m.spec().propagation() == Propagation.PRIVATE)) {
            return;
        }
        MountPoints points = MountPoints.ofThisProcess();
        for (ResolvedMount mount : mounts) {
            boolean fine =
                    switch (mount.spec().propagation()) {
                        case PRIVATE -> true;
                        case HOST_TO_CONTAINER -> points.receives(mount.source());
                        case BIDIRECTIONAL -> points.shared(mount.source());
                    };
            if (!fine) {
                throw new FailedPreconditionException(
                        "mount at %s: host path %s does not lie on a shared%s mount"
                                .formatted(
                                        Printable.of(mount.spec().target()),
                                        Printable.of(mount.source().toString()),
                                        mount.spec().propagation() == Propagation.BIDIRECTIONAL
                                                ? ""
                                                : " or slave"));
            }
        }
    }

    private static InvalidArgumentException wrong(MountSpec spec, String why) {
        return new InvalidArgumentException(
                "mount of '%s' at '%s': %s"
                        .formatted(
                                Printable.of(spec.image().orElse(spec.source())),
                                Printable.of(spec.target()),
                                why));
    }
}
