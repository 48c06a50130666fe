package io.carpel.runtime.image.registry;

import io.carpel.runtime.image.content.Descriptor;
import java.util.List;
import java.util.Optional;
import land.oras.Platform;

/// Which of an index's manifests is for this host.
public final class PlatformChoice {
    private PlatformChoice() {}

    /// This host in Go's spelling.
    public static String host() {
        return "linux/" + architecture();
    }

    private static String architecture() {
        String name = System.getProperty("os.arch", "");
        return switch (name) {
            case "x86_64" -> "amd64";
            case "aarch64" -> "arm64";
            default -> name;
        };
    }

    /// Whether what was made for this system and architecture runs here; unknown ones, written as
    /// nothing, get the benefit of the doubt.
    public static boolean isThisHost(String os, String architecture) {
        return (os.isEmpty() || os.equals("linux"))
                && (architecture.isEmpty() || architecture.equals(architecture()));
    }

    /// The first exact match; without one, the first of the same architecture whatever its variant;
    /// without that, one that names no platform at all.
    public static Optional<Descriptor> forThisHost(List<Descriptor> manifests) {
        Platform host = Platform.of("linux", architecture());
        Optional<Descriptor> exact = first(manifests, host, true);
        if (exact.isPresent()) {
            return exact;
        }
        Optional<Descriptor> near = first(manifests, host, false);
        return near.isPresent()
                ? near
                : manifests.stream().filter(m -> m.platform().isEmpty()).findFirst();
    }

    private static Optional<Descriptor> first(
            List<Descriptor> manifests, Platform host, boolean exact) {
        return manifests.stream()
                .filter(m -> m.platform().isPresent())
                .filter(m -> {
                    Descriptor.Platform p = m.platform().get();
                    Platform there =
                            exact && !p.variant().isEmpty()
                                    ? Platform.of(p.os(), p.architecture(), p.variant())
                                    : Platform.of(p.os(), p.architecture());
                    return Platform.matches(host, there);
                })
                .findFirst();
    }
}
