package io.carpel.runtime.container;

import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.image.Image;
import io.carpel.runtime.image.ImageConfig;
import io.carpel.runtime.image.ResolvedUser;
import io.carpel.runtime.spec.UserSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// One image, and who leases it.
public final class FakeImages implements ContainerImages {
    public static final String ID = "sha256:" + "1".repeat(64);

    public final Set<String> leases = ConcurrentHashMap.newKeySet();

    private final Image image =
            new Image(
                    ID,
                    List.of("example.test/busybox:1"),
                    List.of("example.test/busybox@sha256:" + "2".repeat(64)),
                    1000,
                    false,
                    new ImageConfig(
                            List.of("/bin/sh"),
                            List.of(),
                            List.of("A=b"),
                            "",
                            "",
                            "SIGUSR1",
                            Map.of(),
                            List.of(),
                            List.of(),
                            "amd64",
                            "linux",
                            Optional.empty()),
                    List.of(Path.of("/images/layers/one")));

    @Override
    public Optional<Image> find(String reference) {
        return reference.equals(ID) || reference.equals("busybox")
                ? Optional.of(image)
                : Optional.empty();
    }

    @Override
    public Image lease(String imageId, String owner) {
        if (!imageId.equals(ID)) {
            throw new NotFoundException("image " + imageId);
        }
        leases.add(imageId + " " + owner);
        return image;
    }

    @Override
    public void leaseLost(String imageId, String owner) {
        leases.add(imageId + " " + owner);
    }

    @Override
    public void release(String imageId, String owner) {
        leases.remove(imageId + " " + owner);
    }

    @Override
    public ResolvedUser resolve(Image of, UserSpec user) {
        return new ResolvedUser(user.uid().orElse(0L), 0, List.of(0L), "/root");
    }
}
