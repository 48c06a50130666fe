package io.carpel.runtime.container;

import io.carpel.runtime.image.Image;
import io.carpel.runtime.image.ResolvedUser;
import io.carpel.runtime.spec.UserSpec;
import java.util.Optional;

/// What containers need of images; the store and its accounts, or a fake.
public interface ContainerImages {
    /// The image by any form of reference.
    Optional<Image> find(String reference);

    /// Keeps the image's layers until [#release].
    ///
    /// @throws io.carpel.runtime.error.NotFoundException when it is gone
    Image lease(String imageId, String owner);

    /// Says that `owner` uses the layers of an image that is not known any more; until [#release]
    /// no layer at all is deleted that might be one of them.
    void leaseLost(String imageId, String owner);

    void release(String imageId, String owner);

    /// Who `user` is, by the image's own passwd and group files.
    ResolvedUser resolve(Image image, UserSpec user);
}
