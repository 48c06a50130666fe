package io.carpel.agent.events;

import io.carpel.agent.pod.Containers;
import io.carpel.agent.pod.Sandboxes;
import io.carpel.agent.translate.ContainerStatusTranslator;
import io.carpel.agent.translate.Nanos;
import io.carpel.agent.translate.SandboxStatusTranslator;
import io.carpel.cri.ContainerEventResponse;
import io.carpel.cri.ContainerEventType;
import io.carpel.runtime.container.ContainerChange;
import io.carpel.runtime.error.UnavailableException;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.sandbox.SandboxChange;
import io.carpel.runtime.store.Announcer;
import io.carpel.runtime.store.CreationClock;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/// Tells every client of every change, from the moment it asks.
public final class EventBroadcaster implements AutoCloseable {
    /// A hundred pods starting at once make some hundreds of events.
    private static final int WAITING = 4_096;

    /// An event tells of the whole pod with its annotations, so their number alone bounds nothing.
    private static final long WAITING_BYTES = 16 << 20;

    private final Sandboxes sandboxes;
    private final Containers containers;
    private final CreationClock clock;
    private final Object order = new Object();
    private final Executor executor;
    private final List<EventQueue> clients = new CopyOnWriteArrayList<>();
    private final List<Announcer.Subscription> subscriptions;

    /// @param executor sends events, on threads that may wait
    public EventBroadcaster(
            Sandboxes sandboxes, Containers containers, Clock clock, Executor executor) {
        this.sandboxes = sandboxes;
        this.containers = containers;
        this.clock = new CreationClock(clock);
        this.executor = executor;
        this.subscriptions =
                List.of(
                        sandboxes.changes().subscribe(this::onSandbox),
                        containers.changes().subscribe(this::onContainer));
    }

    /// A client's own handle.
    public interface Client extends AutoCloseable {
        /// The sink can take more.
        void ready();

        /// The client has gone.
        @Override
        void close();
    }

    /// Sends events to `sink` from now on.
    public Client add(EventSink sink) {
        EventQueue queue = new EventQueue(sink, WAITING, WAITING_BYTES);
        clients.add(queue);
        return new Client() {
            @Override
            public void ready() {
                executor.execute(queue::drain);
            }

            @Override
            public void close() {
                clients.remove(queue);
            }
        };
    }

    private void onContainer(ContainerChange change) {
        Optional<ContainerEventType> type =
                switch (change.kind()) {
                    case CREATED -> Optional.of(ContainerEventType.CONTAINER_CREATED_EVENT);
                    case STARTED -> Optional.of(ContainerEventType.CONTAINER_STARTED_EVENT);
                    case STOPPED -> Optional.of(ContainerEventType.CONTAINER_STOPPED_EVENT);
                    case REMOVED -> Optional.of(ContainerEventType.CONTAINER_DELETED_EVENT);
                    case UPDATED -> Optional.empty();
                };
        type.ifPresent(kind -> {
            String sandboxId = change.container().spec().sandboxId();
            send(change.container().id(), kind, sandboxId, () -> sandboxes.find(sandboxId));
        });
    }

    private void onSandbox(SandboxChange change) {
        Sandbox sandbox = change.sandbox();
        List<ContainerEventType> types =
                switch (change.kind()) {
                    // A sandbox is made and started in one.
                    case READY ->
                            List.of(
                                    ContainerEventType.CONTAINER_CREATED_EVENT,
                                    ContainerEventType.CONTAINER_STARTED_EVENT);
                    case STOPPED -> List.of(ContainerEventType.CONTAINER_STOPPED_EVENT);
                    case REMOVED -> List.of(ContainerEventType.CONTAINER_DELETED_EVENT);
                };
        types.forEach(type -> send(sandbox.id(), type, sandbox.id(), () -> Optional.of(sandbox)));
    }

    private void send(
            String id,
            ContainerEventType type,
            String sandboxId,
            Supplier<Optional<Sandbox>> sandbox) {
        if (clients.isEmpty()) {
            return;
        }
        // In one: a client's times never go back, whoever else tells of another object just now.
        synchronized (order) {
            ContainerEventResponse event = event(id, type, sandboxId, sandbox);
            clients.forEach(client -> client.offer(event));
        }
        clients.forEach(client -> executor.execute(client::drain));
        if (clients.stream().anyMatch(EventQueue::isEnded)) {
            clients.removeIf(EventQueue::isEnded);
        }
    }

    /// The time first, the states after it: what is told is at least as new as it says.
    private ContainerEventResponse event(
            String id,
            ContainerEventType type,
            String sandboxId,
            Supplier<Optional<Sandbox>> sandbox) {
        ContainerEventResponse.Builder event =
                ContainerEventResponse.newBuilder()
                        .setContainerId(id)
                        .setContainerEventType(type)
                        .setCreatedAt(Nanos.of(clock.next()));
        sandbox.get()
                .ifPresent(pod -> event.setPodSandboxStatus(SandboxStatusTranslator.status(pod)));
        containers.list().stream()
                .filter(container -> container.spec().sandboxId().equals(sandboxId))
                .map(ContainerStatusTranslator::status)
                .forEach(event::addContainersStatuses);
        return event.build();
    }

    /// Ends every client's stream.
    @Override
    public void close() {
        subscriptions.forEach(Announcer.Subscription::close);
        for (EventQueue client : clients) {
            client.end(new UnavailableException("the runtime stops"));
            client.drain();
        }
        clients.clear();
    }
}
