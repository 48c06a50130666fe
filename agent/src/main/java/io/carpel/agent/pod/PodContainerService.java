package io.carpel.agent.pod;

import io.carpel.agent.translate.ContainerStatusTranslator;
import io.carpel.agent.translate.ContainerTranslator;
import io.carpel.agent.translate.InfoTranslator;
import io.carpel.agent.translate.Payload;
import io.carpel.agent.translate.ResourceTranslator;
import io.carpel.cri.ContainerConfig;
import io.carpel.cri.ContainerFilter;
import io.carpel.cri.ContainerMetadata;
import io.carpel.cri.ContainerStatusResponse;
import io.carpel.cri.LinuxContainerResources;
import io.carpel.runtime.container.Container;
import io.carpel.runtime.container.ContainerChange;
import io.carpel.runtime.container.ContainerManager;
import io.carpel.runtime.container.ExecManager;
import io.carpel.runtime.container.ExecResult;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.sandbox.SandboxManager;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Containers of pods, by the names and ids the kubelet uses.
public final class PodContainerService {
    private static final Logger LOG = LoggerFactory.getLogger(PodContainerService.class);

    /// What one answer may hold of both streams together: clients take messages of 16 MiB, and the
    /// rest of the message needs some room.
    private static final long OUTPUT_CAP = 15L << 20;

    /// Longer waits than this are as good as for ever, and longer numbers overflow sums.
    private static final long MAX_SECONDS = Duration.ofDays(3650).toSeconds();

    private final Sandboxes sandboxes;
    private final Containers containers;
    private final ContainerTranslator translator;
    private final InfoTranslator info;
    private final Supplier<String> ids;
    private final NameIndex<ContainerName> names = new NameIndex<>("container");
    private final RetryCache<ContainerName> retries;

    /// What makes a container unique in its sandbox.
    private record ContainerName(String sandboxId, String name, int attempt) {
        static ContainerName of(String sandboxId, ContainerMetadata metadata) {
            return new ContainerName(sandboxId, metadata.getName(), metadata.getAttempt());
        }

        @Override
        public String toString() {
            return "%s (attempt %s) in sandbox %s"
                    .formatted(name, Integer.toUnsignedString(attempt), sandboxId);
        }
    }

    public PodContainerService(
            SandboxManager sandboxes,
            ContainerManager containers,
            ExecManager execs,
            ContainerTranslator translator,
            InfoTranslator info,
            PodSandboxService.Tools tools) {
        this(Sandboxes.of(sandboxes), Containers.of(containers, execs), translator, info, tools);
    }

    public PodContainerService(
            Sandboxes sandboxes,
            Containers containers,
            ContainerTranslator translator,
            InfoTranslator info,
            PodSandboxService.Tools tools) {
        this.sandboxes = sandboxes;
        this.containers = containers;
        this.translator = translator;
        this.info = info;
        this.ids = tools.ids();
        this.retries = new RetryCache<>(tools.executor(), names::isHeldBy);
        containers.changes().subscribe(this::onChange);
        containers.list().forEach(this::adopt);
    }

    private void onChange(ContainerChange change) {
        if (change.kind() == ContainerChange.Kind.REMOVED) {
            names.release(change.container().id());
            retries.forget(change.container().id());
        }
    }

    private void adopt(Container container) {
        try {
            names.reserve(
                    ContainerName.of(
                            container.spec().sandboxId(), Payload.of(container).getMetadata()),
                    container.id());
        } catch (ContainerRuntimeException e) {
            LOG.warn("container {} keeps no name: {}", container.id(), e.getMessage());
        }
    }

    /// Makes a container and returns its id; an equal call meanwhile gets the same one.
    public String create(String sandboxId, ContainerConfig config) {
        Sandbox sandbox = Prefixes.sandbox(sandboxes, sandboxId);
        ContainerName name = ContainerName.of(sandbox.id(), ContainerTranslator.metadata(config));
        return retries.call(name, () -> make(name, sandbox, config));
    }

    private String make(ContainerName name, Sandbox sandbox, ContainerConfig config) {
        if (!sandbox.isReady()) {
            throw new FailedPreconditionException(
                    "sandbox %s is not ready for containers".formatted(sandbox.id()));
        }
        String id = ids.get();
        names.reserve(name, id);
        boolean made = false;
        try {
            Container container =
                    containers.create(translator.toSpec(id, config, sandbox, target(config)));
            made = true;
            return container.id();
        } finally {
            if (!made) {
                names.release(id);
            }
        }
    }

    private Optional<Container> target(ContainerConfig config) {
        return ContainerTranslator.namespaceOptions(config)
                .map(options -> options.getTargetId())
                .filter(id -> !id.isEmpty())
                .flatMap(containers::find);
    }

    public void start(String id) {
        containers.start(Prefixes.container(containers, id).id());
    }

    /// What a container is called, be it made or only about to be.
    public Optional<String> nameOf(String id) {
        return names.nameOf(id).map(Object::toString);
    }

    /// One that does not exist is stopped already.
    ///
    /// @param seconds between the stop signal and the kill; none or less kills at once
    public void stop(String id, long seconds) {
        Duration grace = Duration.ofSeconds(Math.clamp(seconds, 0, MAX_SECONDS));
        Prefixes.findContainer(containers, id)
                .ifPresent(container -> containers.stop(container.id(), grace));
    }

    /// One that does not exist is removed already.
    public void remove(String id) {
        Prefixes.findContainer(containers, id)
                .ifPresent(container -> containers.remove(container.id()));
    }

    public ContainerStatusResponse status(String id, boolean verbose) {
        Container container = Prefixes.container(containers, id);
        ContainerStatusResponse.Builder response =
                ContainerStatusResponse.newBuilder()
                        .setStatus(ContainerStatusTranslator.status(container));
        if (verbose) {
            response.putAllInfo(
                    info.container(
                            container,
                            sandboxes.find(container.spec().sandboxId()),
                            containers.droppedLogBytes(container.id())));
        }
        return response.build();
    }

    public List<io.carpel.cri.Container> list(ContainerFilter filter) {
        return PodFilters.containers(containers.list(), sandboxes.list(), filter).stream()
                .map(ContainerStatusTranslator::item)
                .toList();
    }

    public void update(String id, LinuxContainerResources resources) {
        containers.update(
                Prefixes.container(containers, id).id(), ResourceTranslator.toLimits(resources));
    }

    public void reopenLog(String id) {
        containers.reopenLog(Prefixes.container(containers, id).id());
    }

    /// Runs a command to its end. It is killed when its time is over, and when the caller has gone.
    ///
    /// @param seconds until the command is killed; 0 is never
    public ExecResult execSync(String id, List<String> command, long seconds) {
        List<String> words = ContainerTranslator.command(command);
        if (seconds < 0) {
            throw new InvalidArgumentException("timeout '%d' is less than 0".formatted(seconds));
        }
        String container = Prefixes.container(containers, id).id();
        Duration limit = Duration.ofSeconds(Math.min(seconds, MAX_SECONDS));
        return CallerBound.run(() -> containers.execSync(container, words, limit, OUTPUT_CAP));
    }
}
