package io.carpel.runtime.spec;

import java.util.List;
import java.util.Optional;

/// A host path or an image to be seen inside a container.
///
/// @param source absolute host path; a symbolic link is resolved on the host first. Empty with
///   `image`
/// @param target absolute path inside the container
/// @param readonly the mount itself, not what is mounted below it
/// @param recursiveReadonly read-only with everything below; needs `readonly` and private
///   propagation
/// @param options extra flags: any of noexec, nodev, nosuid
/// @param uidMappings idmapped mount with these maps; empty means none
/// @param image an image whose layers are mounted read-only instead of a host path
/// @param imageSubPath directory or file inside the image; empty is its root
/// @param relabel whether a security label may be put on the source
public record MountSpec(
        String source,
        String target,
        boolean readonly,
        boolean recursiveReadonly,
        Propagation propagation,
        List<String> options,
        List<IdMapping> uidMappings,
        List<IdMapping> gidMappings,
        Optional<String> image,
        String imageSubPath,
        boolean relabel) {
    /// mount_namespaces(7), "Shared subtrees".
    public enum Propagation {
        PRIVATE,
        HOST_TO_CONTAINER,
        BIDIRECTIONAL
    }

    public MountSpec {
        options = List.copyOf(options);
        uidMappings = List.copyOf(uidMappings);
        gidMappings = List.copyOf(gidMappings);
    }

    /// The same with the id maps of a user namespace.
    public MountSpec with(UserNamespaceSpec user) {
        return new MountSpec(
                source,
                target,
                readonly,
                recursiveReadonly,
                propagation,
                options,
                user.uids(),
                user.gids(),
                image,
                imageSubPath,
                relabel);
    }

    /// An ordinary bind mount.
    public static MountSpec bind(String source, String target, boolean readonly) {
        return new MountSpec(
                source,
                target,
                readonly,
                false,
                Propagation.PRIVATE,
                List.of(),
                List.of(),
                List.of(),
                Optional.empty(),
                "",
                false);
    }
}
