package io.carpel.runtime.network.cni;

import io.carpel.runtime.error.InvalidArgumentException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/// Where CNI configuration and plugins lie.
///
/// @param configDirectory looked at on each attach, so a change needs no restart
/// @param pluginDirectories searched in this order
/// @param timeout for one run of one plugin
public record CniConfig(Path configDirectory, List<Path> pluginDirectories, Duration timeout) {
    /// Long enough for plugins that wait for a DHCP server or a controller.
    public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(60);

    public CniConfig {
        pluginDirectories = List.copyOf(pluginDirectories);
        if (pluginDirectories.isEmpty()) {
            throw new InvalidArgumentException("cni plugin directories: none given");
        }
        for (Path directory : pluginDirectories) {
            // CNI_PATH separates directories with a colon.
            if (!directory.isAbsolute() || directory.toString().contains(":")) {
                throw new InvalidArgumentException(
                        "cni plugin directory '%s' must be absolute and without ':'"
                                .formatted(directory));
            }
        }
        if (!timeout.isPositive()) {
            throw new InvalidArgumentException("cni timeout %s is not positive".formatted(timeout));
        }
    }
}
