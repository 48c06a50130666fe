package io.carpel.runtime.sandbox;

import io.carpel.runtime.error.UnavailableException;
import io.carpel.runtime.network.NetworkKind;
import io.carpel.runtime.network.NetworkRequest;
import io.carpel.runtime.network.NetworkResult;
import io.carpel.runtime.network.NetworkStatus;
import io.carpel.runtime.network.PodNetwork;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/// A network that remembers whom it serves, and can be told to fail.
public final class FakeNetwork implements PodNetwork {
    public final Set<String> attached = ConcurrentHashMap.newKeySet();
    public final AtomicInteger detaches = new AtomicInteger();
    public volatile boolean failAttach;
    public volatile boolean failDetach;
    public volatile Runnable onAttach = () -> {};

    @Override
    public NetworkResult attach(NetworkRequest request) {
        // As a plugin may: something stays behind even when it fails.
        attached.add(request.sandboxId());
        onAttach.run();
        if (failAttach) {
            throw new UnavailableException("the plugin said no");
        }
        return new NetworkResult(List.of("10.0.0.2", "fd00::2"), "eth0", Optional.empty(), "{}");
    }

    @Override
    public void detach(NetworkRequest request) {
        detaches.incrementAndGet();
        if (failDetach) {
            throw new UnavailableException("the plugin does not let go");
        }
        attached.remove(request.sandboxId());
    }

    @Override
    public NetworkStatus status() {
        return new NetworkStatus(true, "fake", NetworkKind.BRIDGE, "fake", "OK", List.of());
    }

    @Override
    public List<String> reconcile(Set<String> liveSandboxIds) {
        attached.retainAll(liveSandboxIds);
        return List.of();
    }

    @Override
    public void close() {}
}
