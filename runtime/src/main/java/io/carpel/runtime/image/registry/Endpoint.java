package io.carpel.runtime.image.registry;

/// One place where a repository may be found.
///
/// @param host host and optional port as configured; `docker.io` stands for docker's own host
/// @param insecure certificates are not checked, and plain http is tried when TLS is not spoken
/// @param mirror not the registry the user named: the caller's credentials are not for it
record Endpoint(String host, String path, boolean insecure, boolean mirror) {
    /// The authority that requests go to.
    String authority() {
        return host.equals("docker.io") ? "registry-1.docker.io" : host;
    }
}
