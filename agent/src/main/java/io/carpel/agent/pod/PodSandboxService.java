package io.carpel.agent.pod;

import io.carpel.agent.translate.ContainerStatusTranslator;
import io.carpel.agent.translate.InfoTranslator;
import io.carpel.agent.translate.Nanos;
import io.carpel.agent.translate.Payload;
import io.carpel.agent.translate.ResourceTranslator;
import io.carpel.agent.translate.SandboxStatusTranslator;
import io.carpel.agent.translate.SandboxTranslator;
import io.carpel.cri.LinuxContainerResources;
import io.carpel.cri.PodSandbox;
import io.carpel.cri.PodSandboxConfig;
import io.carpel.cri.PodSandboxFilter;
import io.carpel.cri.PodSandboxMetadata;
import io.carpel.cri.PodSandboxStatusResponse;
import io.carpel.cri.UpdatePodSandboxResourcesRequest;
import io.carpel.runtime.container.Container;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.sandbox.SandboxChange;
import io.carpel.runtime.sandbox.SandboxManager;
import io.carpel.runtime.spec.Bytes;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Pod sandboxes, by the names and ids the kubelet uses.
public final class PodSandboxService {
    private static final Logger LOG = LoggerFactory.getLogger(PodSandboxService.class);

    private final Sandboxes sandboxes;
    private final Containers containers;
    private final SandboxTranslator translator;
    private final InfoTranslator info;
    private final Supplier<String> ids;
    private final Clock clock;
    private final NameIndex<PodName> names = new NameIndex<>("sandbox");
    private final RetryCache<PodName> retries;
    private final AtomicLong lastTimestamp = new AtomicLong();

    /// What makes a sandbox unique for the kubelet.
    private record PodName(String namespace, String name, String uid, int attempt) {
        static PodName of(PodSandboxMetadata metadata) {
            return new PodName(
                    metadata.getNamespace(),
                    metadata.getName(),
                    metadata.getUid(),
                    metadata.getAttempt());
        }

        @Override
        public String toString() {
            return "%s/%s (uid %s, attempt %s)"
                    .formatted(namespace, name, uid, Integer.toUnsignedString(attempt));
        }
    }

    public PodSandboxService(
            SandboxManager sandboxes,
            Containers containers,
            SandboxTranslator translator,
            InfoTranslator info,
            Tools tools) {
        this(Sandboxes.of(sandboxes), containers, translator, info, tools);
    }

    public PodSandboxService(
            Sandboxes sandboxes,
            Containers containers,
            SandboxTranslator translator,
            InfoTranslator info,
            Tools tools) {
        this.sandboxes = sandboxes;
        this.containers = containers;
        this.translator = translator;
        this.info = info;
        this.ids = tools.ids();
        this.clock = tools.clock();
        this.retries = new RetryCache<>(tools.executor(), names::isHeldBy);
        sandboxes.changes().subscribe(this::onChange);
        sandboxes.list().forEach(this::adopt);
    }

    /// What both services need besides.
    ///
    /// @param ids makes ids of new objects
    /// @param executor runs the making of objects, on threads that may block
    public record Tools(Supplier<String> ids, Clock clock, Executor executor) {}

    private void onChange(SandboxChange change) {
        if (change.kind() == SandboxChange.Kind.REMOVED) {
            names.release(change.sandbox().id());
            retries.forget(change.sandbox().id());
        }
    }

    // A sandbox from before this process keeps its name.
    private void adopt(Sandbox sandbox) {
        try {
            names.reserve(PodName.of(Payload.of(sandbox).getMetadata()), sandbox.id());
        } catch (ContainerRuntimeException e) {
            LOG.warn("sandbox {} keeps no name: {}", sandbox.id(), e.getMessage());
        }
    }

    /// Makes a sandbox and returns its id; an equal call meanwhile gets the same one.
    public String run(PodSandboxConfig config, String handler) {
        PodName name = PodName.of(SandboxTranslator.metadata(config));
        return retries.call(name, () -> make(name, config, handler));
    }

    private String make(PodName name, PodSandboxConfig config, String handler) {
        String id = ids.get();
        names.reserve(name, id);
        boolean made = false;
        try {
            Sandbox sandbox = sandboxes.run(translator.toSpec(id, config, handler));
            made = true;
            return sandbox.id();
        } finally {
            if (!made) {
                names.release(id);
            }
        }
    }

    /// What a sandbox is called, be it made or only about to be.
    public Optional<String> nameOf(String id) {
        return names.nameOf(id).map(Object::toString);
    }

    /// One that does not exist is stopped already.
    public void stop(String id) {
        Prefixes.findSandbox(sandboxes, id).ifPresent(sandbox -> sandboxes.stop(sandbox.id()));
    }

    /// One that does not exist is removed already.
    public void remove(String id) {
        Prefixes.findSandbox(sandboxes, id).ifPresent(sandbox -> sandboxes.remove(sandbox.id()));
    }

    public PodSandboxStatusResponse status(String id, boolean verbose) {
        // The time first, the states after it: what is shown is at least as new as it says.
        long timestamp = timestamp();
        Sandbox sandbox = Prefixes.sandbox(sandboxes, id);
        List<Container> own = containersOf(sandbox);
        PodSandboxStatusResponse.Builder response =
                PodSandboxStatusResponse.newBuilder()
                        .setStatus(SandboxStatusTranslator.status(sandbox))
                        .setTimestamp(timestamp);
        own.forEach(container ->
                response.addContainersStatuses(ContainerStatusTranslator.status(container)));
        if (verbose) {
            response.putAllInfo(info.sandbox(sandbox, own));
            Payload.resized(sandbox)
                    .ifPresent(now -> {
                        response.putInfo("overhead", InfoTranslator.json(now.getOverhead()));
                        response.putInfo("resources", InfoTranslator.json(now.getResources()));
                    });
        }
        return response.build();
    }

    // The wall clock may be set back; the kubelet drops states that seem older than what it knows.
    private long timestamp() {
        return lastTimestamp.accumulateAndGet(Nanos.of(clock.instant()), Math::max);
    }

    /// Keeps what the kubelet made of the pod's resources, for whoever looks at the pod. The
    /// kubelet has changed the pod's cgroup itself, and our containers' limits come by calls of
    /// their own.
    public void updateResources(
            String id, LinuxContainerResources overhead, LinuxContainerResources resources) {
        Sandbox sandbox = Prefixes.sandbox(sandboxes, id);
        ResourceTranslator.toLimits(overhead);
        ResourceTranslator.toLimits(resources);
        sandboxes.note(
                sandbox.id(),
                Bytes.copyOf(
                        UpdatePodSandboxResourcesRequest.newBuilder()
                                .setOverhead(overhead)
                                .setResources(resources)
                                .build()
                                .toByteArray()));
    }

    private List<Container> containersOf(Sandbox sandbox) {
        return containers.list().stream()
                .filter(container -> container.spec().sandboxId().equals(sandbox.id()))
                .toList();
    }

    public List<PodSandbox> list(PodSandboxFilter filter) {
        return PodFilters.sandboxes(sandboxes.list(), filter).stream()
                .map(SandboxStatusTranslator::item)
                .toList();
    }
}
