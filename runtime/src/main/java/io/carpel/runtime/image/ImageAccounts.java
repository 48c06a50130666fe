package io.carpel.runtime.image;

import io.carpel.runtime.error.UnsupportedException;
import io.carpel.runtime.linux.FileCalls;
import io.carpel.runtime.spec.UserSpec;
import java.util.List;

/// Looks users and groups up in an image's own passwd and group files, as its merged layers show
/// them.
public final class ImageAccounts {
    public ImageAccounts(FileCalls files) {}

    /// @throws io.carpel.runtime.error.InvalidArgumentException naming the user or group that is
    ///   unknown or malformed
    public ResolvedUser resolve(Image image, UserSpec user) {
        if (user.uid().isPresent() && user.gid().isPresent()) {
            long gid = user.gid().get();
            return new ResolvedUser(user.uid().get(), gid, List.of(gid), "/");
        }
        throw new UnsupportedException("user " + user + " of " + image.id());
    }
}
