package io.carpel.runtime.namespace;

import io.carpel.runtime.launch.HelperRoles;
import io.carpel.runtime.lifecycle.ProcessIdentity;
import io.carpel.runtime.linux.LinuxProcessCalls;
import io.carpel.runtime.linux.MountCalls;
import io.carpel.runtime.linux.NamespaceCalls;
import io.carpel.runtime.spec.PinnedNamespaces;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;

/// The namespaces of pods: make, pin, enter, remove.
public interface PodNamespaces {
    /// On this host.
    static PodNamespaces open(NamespaceCalls namespaces, MountCalls mounts, HelperRoles helpers) {
        return new HostPodNamespaces(namespaces, mounts, new LinuxProcessCalls(), helpers);
    }

    /// @param pins where the namespaces are held
    /// @param shm the pod's `/dev/shm` on the host; empty when the host's is used
    /// @param reaper pid 1 of the shared pid namespace as the host numbers it; empty when each
    ///   container has its own or the host's
    record Created(PinnedNamespaces pins, Optional<Path> shm, Optional<ProcessIdentity> reaper) {}

    /// Makes and pins the namespaces, sets hostname and kernel parameters, raises `lo`, and mounts
    /// the pod's `/dev/shm`. When it fails nothing is left.
    ///
    /// @throws io.carpel.runtime.error.InvalidArgumentException when a kernel parameter is refused
    Created create(PodNamespacesRequest request);

    /// Ends the reaper, takes the pins and `/dev/shm` down and removes their files. What is gone
    /// already counts as removed.
    ///
    /// @param reaper killed first, if it still is that process
    void remove(PinnedNamespaces pins, Optional<Path> shm, Optional<ProcessIdentity> reaper);

    /// Makes a filesystem of its own for what the pod's containers may write to: a few files that
    /// lie with those of this process must not take the room from them.
    ///
    /// @param directory made when absent
    /// @param bytes how much fits
    /// @param label what they show SELinux; empty without it
    void mountFiles(Path directory, long bytes, Optional<String> label);

    /// Takes it down with all that is in it. One that is not mounted is fine.
    void unmountFiles(Path directory);

    /// Whether every pin still holds a namespace: after a reboot, or when somebody unmounted one,
    /// the file is there but empty.
    boolean alive(PinnedNamespaces pins);

    /// Runs `work` on a fresh platform thread inside the pod's network namespace. A socket opened
    /// there stays in it and may be used from any thread afterwards.
    ///
    /// @throws io.carpel.runtime.error.FailedPreconditionException when the pin is dead
    <T> T inNetwork(PinnedNamespaces pins, Callable<T> work);

    /// Runs `work` in the network namespaces of many pods, one after the other on one thread: for
    /// short reads, where a thread for each pod would cost more than the work.
    ///
    /// @return a result for each entry, in order; empty where the namespace is gone, is the host's,
    ///   or the work failed
    <T> List<Optional<T>> inEachNetwork(List<PinnedNamespaces> pods, Callable<T> work);
}
