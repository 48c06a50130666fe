package io.carpel.runtime.sandbox;

import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.lifecycle.ProcessIdentity;
import io.carpel.runtime.namespace.PodNamespaces;
import io.carpel.runtime.namespace.PodNamespacesRequest;
import io.carpel.runtime.spec.PinnedNamespaces;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;

/// Namespaces that are plain files.
public final class FakeNamespaces implements PodNamespaces {
    public final Set<Path> held = ConcurrentHashMap.newKeySet();
    public volatile Optional<ProcessIdentity> reaper = Optional.empty();

    public volatile boolean failRemove;
    public volatile Map<String, String> sysctls = Map.of();

    @Override
    public Created create(PodNamespacesRequest request) {
        sysctls = request.sysctls();
        try {
            Files.createDirectories(request.pinsDir());
            Path ipc = Files.createFile(request.pinsDir().resolve("ipc"));
            held.add(ipc);
            Optional<Path> net = Optional.empty();
            if (!request.spec().hostNetwork()) {
                Files.createDirectories(request.netnsFile().getParent());
                net = Optional.of(Files.createFile(request.netnsFile()));
                held.add(request.netnsFile());
            }
            return new Created(
                    new PinnedNamespaces(
                            net,
                            Optional.of(ipc),
                            Optional.empty(),
                            Optional.empty(),
                            Optional.empty()),
                    Optional.of(request.shm()),
                    reaper);
        } catch (IOException e) {
            throw new KernelFaultException(String.valueOf(e.getMessage()), e);
        }
    }

    @Override
    public void remove(
            PinnedNamespaces pins, Optional<Path> shm, Optional<ProcessIdentity> reaperOf) {
        if (failRemove) {
            throw new KernelFaultException("a pin is busy");
        }
        for (Optional<Path> pin : List.of(pins.net(), pins.ipc())) {
            pin.ifPresent(p -> {
                held.remove(p);
                try {
                    Files.deleteIfExists(p);
                } catch (IOException e) {
                    throw new KernelFaultException(String.valueOf(e.getMessage()), e);
                }
            });
        }
    }

    @Override
    public void mountFiles(Path directory, long bytes, Optional<String> label) {
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new KernelFaultException(String.valueOf(e.getMessage()), e);
        }
    }

    @Override
    public void unmountFiles(Path directory) {}

    @Override
    public boolean alive(PinnedNamespaces pins) {
        return pins.ipc().map(held::contains).orElse(true);
    }

    @Override
    public <T> T inNetwork(PinnedNamespaces pins, Callable<T> work) {
        try {
            return work.call();
        } catch (Exception e) {
            throw new KernelFaultException(String.valueOf(e.getMessage()), e);
        }
    }

    @Override
    public <T> List<Optional<T>> inEachNetwork(List<PinnedNamespaces> pods, Callable<T> work) {
        return pods.stream()
                .map(pod -> pod.net().filter(held::contains).map(_ -> inNetwork(pod, work)))
                .toList();
    }
}
