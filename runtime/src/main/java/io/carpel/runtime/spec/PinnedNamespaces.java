package io.carpel.runtime.spec;

import java.nio.file.Path;
import java.util.Optional;

/// Where the namespaces of a sandbox are held: files of the kernel's `nsfs`, bound to paths.
///
/// An absent one is the host's (or, for `pid`, each container's own). A pin keeps its namespace
/// alive without a process, and everything joins by opening it (setns(2)).
public record PinnedNamespaces(
        Optional<Path> net,
        Optional<Path> ipc,
        Optional<Path> uts,
        Optional<Path> user,
        Optional<Path> pid) {
    /// Everything is the host's.
    public static PinnedNamespaces none() {
        return new PinnedNamespaces(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }
}
