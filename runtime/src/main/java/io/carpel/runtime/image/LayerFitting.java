package io.carpel.runtime.image;

import io.carpel.runtime.image.content.Digest;
import io.carpel.runtime.image.registry.RegistrySession;
import io.carpel.runtime.image.snapshot.FittedKeys;
import io.carpel.runtime.image.snapshot.OverlaySnapshotter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Makes the layers of one image fit each other, when all of them are there: those that mean
/// something else on top of the layers below them are unpacked once more.
final class LayerFitting {
    private final OverlaySnapshotter layers;
    private final Cancellation cancellation;

    LayerFitting(OverlaySnapshotter layers, Cancellation cancellation) {
        this.layers = layers;
        this.cancellation = cancellation;
    }

    /// Unpacks the layer at `index` from where it came.
    @FunctionalInterface
    interface Again {
        void unpack(int index, OverlaySnapshotter.Target target);
    }

    /// @param again for layers whose archive cannot be made again from what is here
    /// @return whether any layer had to be made anew
    boolean fit(List<Digest> diffIds, Again again) {
        List<Digest> keys = FittedKeys.of(diffIds);
        List<Path> below = new ArrayList<>();
        boolean changed = false;
        try {
            for (int i = 0; i < diffIds.size(); i++) {
                cancellation.check();
                OverlaySnapshotter.Layer layer = present(diffIds, i);
                boolean fitted = layer.key().equals(keys.get(i));
                if (!fitted && layers.needsFitting(layer, below)) {
                    unpack(
                            layer,
                            new OverlaySnapshotter.Target(
                                    keys.get(i), diffIds.get(i), Optional.of(List.copyOf(below))),
                            i,
                            again);
                    changed = true;
                    layer = present(diffIds, i);
                }
                below.add(layer.directory());
            }
            return changed;
        } catch (RegistrySession.LocalFailure e) {
            throw e.failure();
        } catch (IOException e) {
            cancellation.check();
            throw Failures.local("fit layers to those below them", layers.place(), e);
        }
    }

    private OverlaySnapshotter.Layer present(List<Digest> diffIds, int index) throws IOException {
        return layers.find(diffIds)
                .get(index)
                .orElseThrow(() -> new IOException("layer " + diffIds.get(index) + " is missing"));
    }

    private void unpack(
            OverlaySnapshotter.Layer layer,
            OverlaySnapshotter.Target target,
            int index,
            Again again)
            throws IOException {
        if (!layer.exact()) {
            again.unpack(index, target);
            return;
        }
        OverlaySnapshotter.Source source =
                new OverlaySnapshotter.Source(
                        "this store",
                        Optional.empty(),
                        layer.archiveBytes(),
                        () -> new CheckedStream(layers.archive(layer), cancellation));
        LayerFailures.translated(
                layer.diffId().toString(),
                layers.place(),
                cancellation,
                () -> layers.ensure(target, source, cancellation::check));
    }
}
