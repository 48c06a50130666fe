package io.carpel.agent.image;

import io.carpel.runtime.image.Image;
import io.carpel.runtime.image.ImagePuller;
import io.carpel.runtime.image.ImageStore;
import io.carpel.runtime.image.ImageUsage;
import io.carpel.runtime.image.PullRequest;
import io.carpel.runtime.stats.LayerUsage;
import io.carpel.runtime.stats.StatsReader;
import java.util.List;
import java.util.Optional;

/// What is needed of [ImageStore] and [ImagePuller]; a seam, so that tests need no registry.
public interface Images {
    Optional<Image> find(String ref);

    List<Image> list();

    List<String> remove(String ref);

    ImageUsage usage();

    /// What the writable layers of all containers occupy.
    LayerUsage.Usage writableLayers();

    String configJson(String imageId);

    Image pull(PullRequest request);

    static Images of(ImageStore store, ImagePuller puller, StatsReader stats) {
        return new Images() {
            @Override
            public Optional<Image> find(String ref) {
                return store.find(ref);
            }

            @Override
            public List<Image> list() {
                return store.list();
            }

            @Override
            public List<String> remove(String ref) {
                return store.remove(ref);
            }

            @Override
            public ImageUsage usage() {
                return store.usage();
            }

            @Override
            public LayerUsage.Usage writableLayers() {
                return stats.writableLayers();
            }

            @Override
            public String configJson(String imageId) {
                return store.configJson(imageId);
            }

            @Override
            public Image pull(PullRequest request) {
                return puller.pull(request);
            }
        };
    }
}
