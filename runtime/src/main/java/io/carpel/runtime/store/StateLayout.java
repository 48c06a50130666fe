package io.carpel.runtime.store;

import java.nio.file.Path;

/// Where everything lies. No other class joins a path of ours.
///
/// @param runDir what dies with a reboot: records, sockets, pins (`/run/carpel`, a tmpfs)
/// @param stateDir what outlives it: images, writable layers, address leases (`/var/lib/carpel`)
/// @param netnsDir network namespaces under the names that `ip netns` shows (`/run/netns`)
public record StateLayout(Path runDir, Path stateDir, Path netnsDir) {
    private static final int SOCKET_NAME = 16;

    /// The host's usual places.
    public static StateLayout standard() {
        return new StateLayout(
                Path.of("/run/carpel"), Path.of("/var/lib/carpel"), Path.of("/run/netns"));
    }

    /// Everything below one directory; only network namespaces stay where `ip netns` looks.
    public static StateLayout under(Path directory) {
        return new StateLayout(
                directory.resolve("run"), directory.resolve("lib"), Path.of("/run/netns"));
    }

    public Path sandboxes() {
        return runDir.resolve("sandboxes");
    }

    public Path sandbox(String id) {
        return sandboxes().resolve(id);
    }

    /// Bind mounts of the sandbox's namespaces: `net ipc uts user pid`.
    public Path sandboxPins(String id) {
        return sandbox(id).resolve("ns");
    }

    /// The tmpfs that the sandbox's containers share as `/dev/shm`.
    public Path sandboxShm(String id) {
        return sandbox(id).resolve("shm");
    }

    /// Generated `hosts`, `hostname` and `resolv.conf`.
    public Path sandboxFiles(String id) {
        return sandbox(id).resolve("files");
    }

    /// The network namespace as `ip netns list` shows it.
    public Path networkNamespace(String name) {
        return netnsDir.resolve(name);
    }

    public Path containers() {
        return runDir.resolve("containers");
    }

    public Path container(String id) {
        return containers().resolve(id);
    }

    /// Where shims and helpers listen.
    public Path sockets() {
        return runDir.resolve("s");
    }

    /// Where the container's shim listens. Short, since a socket's path has 107 bytes (unix(7)) and
    /// the run directory may be long.
    public Path shimSocket(String id) {
        return sockets().resolve(shorten(id));
    }

    /// Where a helper process of the sandbox listens while its namespaces are made.
    public Path helperSocket(String id) {
        return sockets().resolve(shorten(id) + ".h");
    }

    /// Where the helper listens that holds the id maps of one of the container's mounts.
    public Path idmapSocket(String id, int number) {
        return sockets().resolve(shorten(id) + ".m" + number);
    }

    private static String shorten(String id) {
        return id.substring(0, SOCKET_NAME);
    }

    /// What the shim writes when the container has ended.
    public Path exitRecord(String id) {
        return container(id).resolve("exit");
    }

    public Path writableLayers() {
        return stateDir.resolve("containers");
    }

    /// `upper` and `work` of the container's root.
    public Path writable(String id) {
        return writableLayers().resolve(id);
    }

    public Path upper(String id) {
        return writable(id).resolve("upper");
    }

    public Path work(String id) {
        return writable(id).resolve("work");
    }

    /// The layer below every image's.
    public Path groundLayer() {
        return stateDir.resolve("ground");
    }

    /// Writable layers that are being deleted.
    public Path trash() {
        return stateDir.resolve("trash");
    }

    public Path images() {
        return stateDir.resolve("images");
    }

    public Path network() {
        return stateDir.resolve("network");
    }

    /// Where records that cannot be read are put for people to look at.
    public Path setAside() {
        return runDir.resolve("set-aside");
    }
}
