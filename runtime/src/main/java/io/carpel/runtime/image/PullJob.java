package io.carpel.runtime.image;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.image.content.ContentStore;
import io.carpel.runtime.image.content.Descriptor;
import io.carpel.runtime.image.content.Digest;
import io.carpel.runtime.image.content.Manifest;
import io.carpel.runtime.image.content.ManifestReader;
import io.carpel.runtime.image.registry.Login;
import io.carpel.runtime.image.registry.PlatformChoice;
import io.carpel.runtime.image.registry.RegistryClient;
import io.carpel.runtime.image.registry.RegistrySession;
import io.carpel.runtime.image.registry.RepositoryName;
import io.carpel.runtime.image.snapshot.OverlaySnapshotter;
import io.carpel.runtime.spec.Printable;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// One pull from name to present image.
final class PullJob {
    /// An index may point to another one; deeper than this nobody means well.
    private static final int INDEX_DEPTH = 3;

    private final ImageStore store;
    private final RegistryClient registries;
    private final LayerPool pool;
    private final PullProgress progress;
    private final Cancellation cancellation;

    PullJob(
            ImageStore store,
            RegistryClient registries,
            LayerPool pool,
            PullProgress progress,
            Cancellation cancellation) {
        this.store = store;
        this.registries = registries;
        this.pool = pool;
        this.progress = progress;
        this.cancellation = cancellation;
    }

    Image run(ImageReference ref, Optional<Login> login, String onlyHost) {
        RepositoryName name = new RepositoryName(ref.domain(), ref.path(), ref.manifestReference());
        RegistrySession session = registries.open(name, login, onlyHost, cancellation);
        RegistrySession.Document top = session.resolve();
        RegistrySession.Document document = top;
        Manifest manifest = read(document, document.mediaType(), ref);
        for (int depth = 0; manifest instanceof Manifest.Index(_, var manifests); depth++) {
            if (depth == INDEX_DEPTH) {
                throw new InvalidArgumentException("indexes of '" + ref + "' are nested too deep");
            }
            Descriptor chosen =
                    PlatformChoice.forThisHost(manifests)
                            .orElseThrow(() ->
                                    new NotFoundException(
                                            "image '%s' is not made for %s"
                                                    .formatted(ref, PlatformChoice.host())));
            document = session.manifest(chosen);
            manifest = read(document, chosen.mediaType(), ref);
        }
        return bring(session, ref, top.digest(), document, (Manifest.Single) manifest);
    }

    private static Manifest read(
            RegistrySession.Document document, String type, ImageReference ref) {
        return ManifestReader.read(document.content(), type, "'" + ref + "'");
    }

    private Image bring(
            RegistrySession session,
            ImageReference ref,
            Digest top,
            RegistrySession.Document document,
            Manifest.Single manifest) {
        byte[] configBytes = session.blob(manifest.config(), ContentStore.BLOB_LIMIT);
        ConfigReader.Parsed config = ConfigReader.read(configBytes, "'" + ref + "'");
        requireOurs(config.config(), ref.toString());
        List<Descriptor> layers = manifest.layers();
        if (layers.size() != config.diffIds().size()) {
            throw new InvalidArgumentException(
                    "image '%s' has %d layers but its configuration names %d"
                            .formatted(ref, layers.size(), config.diffIds().size()));
        }
        Digest id = manifest.config().digest();
        progress.on(
                new PullProgress.Event.Resolved(
                        id.toString(),
                        layers.size(),
                        layers.stream().mapToLong(Descriptor::size).sum()));
        Image image;
        boolean refitted;
        try (ImageStore.Ingest ingest = store.ingest()) {
            ingest.needLayers(config.diffIds());
            ingest.need(List.of(id, document.digest()));
            bringLayers(session, layers, config.diffIds());
            refitted =
                    new LayerFitting(store.layers(), cancellation)
                            .fit(
                                    config.diffIds(),
                                    (i, target) -> bringLayer(session, layers.get(i), target));
            Descriptor descriptor =
                    Descriptor.of(
                            manifest.mediaType(), document.digest(), document.content().length);
            image =
                    ingest.publish(
                            new Incoming(descriptor, document.content(), id, configBytes, config),
                            names(ref, top));
        }
        if (refitted) {
            // The form of a layer that fitted nothing is of no more use.
            store.collect();
        }
        return image;
    }

    /// A manifest outside any index says only here what machines it is made for.
    static void requireOurs(ImageConfig config, String ref) {
        if (!PlatformChoice.isThisHost(config.os(), config.architecture())) {
            throw new NotFoundException(
                    "image '%s' is not made for %s but for %s/%s"
                            .formatted(
                                    ref,
                                    PlatformChoice.host(),
                                    Printable.of(config.os()),
                                    Printable.of(config.architecture())));
        }
    }

    private static Set<String> names(ImageReference ref, Digest top) {
        Set<String> names = new LinkedHashSet<>();
        names.add(ref.canonical());
        names.add(ref.name() + "@" + ref.digest().orElse(top.toString()));
        return names;
    }

    private void bringLayers(
            RegistrySession session, List<Descriptor> layers, List<Digest> diffIds) {
        List<Runnable> tasks = new ArrayList<>();
        List<Optional<OverlaySnapshotter.Layer>> present = store.layers().find(diffIds);
        for (int i = 0; i < layers.size(); i++) {
            Descriptor layer = layers.get(i);
            Digest diffId = diffIds.get(i);
            String key = layer.digest().toString();
            if (present.get(i).isPresent()) {
                progress.on(new PullProgress.Event.Present(key));
            } else {
                tasks.add(
                        () -> bringLayer(session, layer, OverlaySnapshotter.Target.alone(diffId)));
            }
        }
        pool.runAll(tasks, cancellation);
    }

    private void bringLayer(
            RegistrySession session, Descriptor layer, OverlaySnapshotter.Target target) {
        String key = layer.digest().toString();
        session.transfer(
                layer,
                reason -> progress.on(new PullProgress.Event.Retrying(key, reason)),
                (place, opening) -> {
                    OverlaySnapshotter.Source source =
                            new OverlaySnapshotter.Source(
                                    place,
                                    Optional.of(layer.digest()),
                                    layer.size(),
                                    () ->
                                            new ProgressStream(
                                                    opening.open(), key, layer.size(), progress));
                    return LayerFailures.translated(
                            key,
                            store.layers().place(),
                            cancellation,
                            () -> store.layers().ensure(target, source, cancellation::check));
                });
        progress.on(new PullProgress.Event.Unpacked(key));
    }
}
