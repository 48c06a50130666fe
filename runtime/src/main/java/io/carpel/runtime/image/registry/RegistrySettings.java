package io.carpel.runtime.image.registry;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/// Where a host's registry configuration lies, and how long a silent registry is waited for.
///
/// @param registriesConf `registries.conf`; a missing file means no rules
/// @param registriesConfDir drop-ins `*.conf` read after it, in order of their names
/// @param policy `policy.json`; a missing file means that everything is accepted
/// @param authFiles `auth.json` files, the first that knows the registry wins
/// @param certDirs directories with one directory of certificates for each `host[:port]`
/// @param stallTimeout a transfer without one byte for this long counts as broken
/// @param connectTimeout to open a connection
/// @param attempts how often one transfer is begun or resumed before it counts as failed
public record RegistrySettings(
        Path registriesConf,
        Path registriesConfDir,
        Path policy,
        List<Path> authFiles,
        List<Path> certDirs,
        Duration stallTimeout,
        Duration connectTimeout,
        int attempts) {
    public RegistrySettings {
        authFiles = List.copyOf(authFiles);
        certDirs = List.copyOf(certDirs);
    }

    /// The places of containers-common, and docker's directory of certificates.
    public static RegistrySettings defaults() {
        return new RegistrySettings(
                Path.of("/etc/containers/registries.conf"),
                Path.of("/etc/containers/registries.conf.d"),
                Path.of("/etc/containers/policy.json"),
                List.of(
                        Path.of("/run/containers/0/auth.json"),
                        Path.of("/root/.config/containers/auth.json"),
                        Path.of("/root/.docker/config.json")),
                List.of(Path.of("/etc/containers/certs.d"), Path.of("/etc/docker/certs.d")),
                Duration.ofSeconds(60),
                Duration.ofSeconds(20),
                5);
    }

    /// The same with another `registries.conf`, and without drop-ins: a file that was named
    /// explicitly is the whole configuration, as with `CONTAINERS_REGISTRIES_CONF`.
    public RegistrySettings withRegistriesConf(Path file) {
        return new RegistrySettings(
                file,
                file.resolveSibling(file.getFileName() + ".d"),
                policy,
                authFiles,
                certDirs,
                stallTimeout,
                connectTimeout,
                attempts);
    }

    public RegistrySettings withStallTimeout(Duration timeout) {
        return new RegistrySettings(
                registriesConf,
                registriesConfDir,
                policy,
                authFiles,
                certDirs,
                timeout,
                connectTimeout,
                attempts);
    }
}
