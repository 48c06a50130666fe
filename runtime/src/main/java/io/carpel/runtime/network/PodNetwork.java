package io.carpel.runtime.network;

import java.util.List;
import java.util.Set;

/// Gives a sandbox's network namespace its interface, addresses and host ports.
public interface PodNetwork extends AutoCloseable {
    /// Attaches the sandbox. On failure nothing is left that [#detach] would not remove, and what
    /// could be undone at once has been undone.
    ///
    /// @throws io.carpel.runtime.error.AlreadyExistsException if the sandbox is attached already,
    ///   or a host port is taken
    /// @throws io.carpel.runtime.error.ResourceExhaustedException if no address is free
    /// @throws io.carpel.runtime.error.DeadlineExceededException if a plugin takes too long
    /// @throws io.carpel.runtime.error.UnavailableException if no network can serve now
    NetworkResult attach(NetworkRequest request);

    /// Undoes an attach, complete or not, with the network that made it. What is gone already
    /// counts as done: a sandbox that was never attached, a namespace that no longer exists. When
    /// it fails the record stays, and a later call tries again.
    void detach(NetworkRequest request);

    /// Whether an attach could work now, and why not. Does not wait for attaches under way.
    NetworkStatus status();

    /// Frees everything held for sandboxes not named here, and brings host ports and masquerade of
    /// those named back to what they should be. Called once at start, before the first attach.
    ///
    /// @return what could not be freed, one sentence each; those are tried again next time
    List<String> reconcile(Set<String> liveSandboxIds);

    /// Lets go of descriptors and threads. Attached sandboxes keep their network.
    @Override
    void close();
}
