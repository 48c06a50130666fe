package io.carpel.runtime.container;

import io.carpel.runtime.image.Image;
import io.carpel.runtime.image.ImageAccounts;
import io.carpel.runtime.image.ImageStore;
import io.carpel.runtime.image.ResolvedUser;
import io.carpel.runtime.spec.UserSpec;
import java.util.Optional;

/// The images of this host's store.
public final class StoredImages implements ContainerImages {
    private final ImageStore store;
    private final ImageAccounts accounts;

    public StoredImages(ImageStore store, ImageAccounts accounts) {
        this.store = store;
        this.accounts = accounts;
    }

    @Override
    public Optional<Image> find(String reference) {
        return store.find(reference);
    }

    @Override
    public Image lease(String imageId, String owner) {
        return store.lease(imageId, owner);
    }

    @Override
    public void leaseLost(String imageId, String owner) {
        store.leaseLost(imageId, owner);
    }

    @Override
    public void release(String imageId, String owner) {
        store.release(imageId, owner);
    }

    @Override
    public ResolvedUser resolve(Image image, UserSpec user) {
        return accounts.resolve(image, user);
    }
}
