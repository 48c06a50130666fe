package io.carpel.runtime.image.registry;

/// What is asked for: a repository by its full name, and one manifest in it.
///
/// @param domain registry as the user names it
/// @param reference a tag or a digest
public record RepositoryName(String domain, String path, String reference) {
    public boolean byDigest() {
        return reference.indexOf(':') >= 0;
    }

    /// As rules in configuration files match it.
    String scope() {
        return domain + "/" + path + (byDigest() ? "@" : ":") + reference;
    }

    @Override
    public String toString() {
        return scope();
    }
}
