package io.carpel.agent.events;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.agent.pod.FakeContainers;
import io.carpel.agent.pod.FakeSandboxes;
import io.carpel.agent.translate.Requests;
import io.carpel.cri.ContainerEventResponse;
import io.carpel.cri.ContainerEventType;
import io.carpel.runtime.container.Container;
import io.carpel.runtime.container.ContainerChange;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.ResourceExhaustedException;
import io.carpel.runtime.error.UnavailableException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class EventBroadcasterTest {
    private final FakeSandboxes sandboxes = new FakeSandboxes();
    private final FakeContainers containers = new FakeContainers();
    private final EventBroadcaster events =
            new EventBroadcaster(
                    sandboxes,
                    containers,
                    Clock.fixed(Instant.ofEpochSecond(9), ZoneOffset.UTC),
                    Runnable::run);
    private final Sink sink = new Sink();

    /// A client that takes what it is given, when it wants to.
    private static final class Sink implements EventSink {
        private final List<ContainerEventResponse> taken = new ArrayList<>();
        private final List<ContainerRuntimeException> ends = new ArrayList<>();
        private boolean ready = true;

        @Override
        public boolean isReady() {
            return ready;
        }

        @Override
        public void send(ContainerEventResponse event) {
            taken.add(event);
        }

        @Override
        public void end(ContainerRuntimeException why) {
            ends.add(why);
        }
    }

    @BeforeEach
    void runSandbox() {
        sandboxes.run(
                Requests.sandboxes().toSpec(Requests.SANDBOX_ID, Requests.sandbox().build(), ""));
    }

    private void announce(ContainerChange.Kind kind) {
        Container container = containers.list().getFirst();
        containers.changes().announce(new ContainerChange(kind, container));
    }

    private void createContainer() {
        containers.create(Requests.spec(Requests.container(), sandboxes.list().getFirst()));
    }

    @Test
    void nothingFromBeforeIsTold() {
        events.add(sink);
        assertThat(sink.taken).isEmpty();
    }

    @Test
    void everyChangeOfAContainerIsToldWithItsPod() {
        events.add(sink);
        createContainer();
        announce(ContainerChange.Kind.CREATED);
        announce(ContainerChange.Kind.STARTED);
        announce(ContainerChange.Kind.UPDATED);
        announce(ContainerChange.Kind.STOPPED);
        announce(ContainerChange.Kind.REMOVED);
        assertThat(sink.taken)
                .extracting(ContainerEventResponse::getContainerEventType)
                .containsExactly(
                        ContainerEventType.CONTAINER_CREATED_EVENT,
                        ContainerEventType.CONTAINER_STARTED_EVENT,
                        ContainerEventType.CONTAINER_STOPPED_EVENT,
                        ContainerEventType.CONTAINER_DELETED_EVENT);
        ContainerEventResponse first = sink.taken.getFirst();
        assertThat(first.getContainerId()).isEqualTo(Requests.CONTAINER_ID);
        assertThat(first.getCreatedAt()).isEqualTo(9_000_000_000L);
        assertThat(first.getPodSandboxStatus().getId()).isEqualTo(Requests.SANDBOX_ID);
        assertThat(first.getContainersStatusesList())
                .singleElement()
                .extracting("id")
                .isEqualTo(Requests.CONTAINER_ID);
    }

    @Test
    void timesGoUpThoughTheClockStands() {
        events.add(sink);
        createContainer();
        announce(ContainerChange.Kind.CREATED);
        announce(ContainerChange.Kind.STARTED);
        assertThat(sink.taken)
                .extracting(ContainerEventResponse::getCreatedAt)
                .containsExactly(9_000_000_000L, 9_000_000_001L);
    }

    @Test
    void aSandboxIsToldByItsOwnId() {
        events.add(sink);
        sandboxes.remove(Requests.SANDBOX_ID);
        runSandbox();
        assertThat(sink.taken)
                .extracting(ContainerEventResponse::getContainerEventType)
                .containsExactly(
                        ContainerEventType.CONTAINER_DELETED_EVENT,
                        ContainerEventType.CONTAINER_CREATED_EVENT,
                        ContainerEventType.CONTAINER_STARTED_EVENT);
        assertThat(sink.taken)
                .extracting(ContainerEventResponse::getContainerId)
                .containsOnly(Requests.SANDBOX_ID);
    }

    @Test
    void aBusyClientGetsItsEventsLaterInOrder() {
        sink.ready = false;
        EventBroadcaster.Client client = events.add(sink);
        createContainer();
        announce(ContainerChange.Kind.CREATED);
        announce(ContainerChange.Kind.STARTED);
        assertThat(sink.taken).isEmpty();
        sink.ready = true;
        client.ready();
        assertThat(sink.taken)
                .extracting(ContainerEventResponse::getContainerEventType)
                .containsExactly(
                        ContainerEventType.CONTAINER_CREATED_EVENT,
                        ContainerEventType.CONTAINER_STARTED_EVENT);
    }

    @Test
    void aClientThatNeverTakesIsDroppedAndOthersGoOn() {
        sink.ready = false;
        events.add(sink);
        Sink other = new Sink();
        events.add(other);
        createContainer();
        for (int i = 0; i < 4_100; i++) {
            announce(ContainerChange.Kind.STARTED);
        }
        assertThat(sink.taken).isEmpty();
        assertThat(sink.ends).singleElement().isInstanceOf(ResourceExhaustedException.class);
        assertThat(other.taken).hasSize(4_100);
    }

    @Test
    void fewLargeEventsAreManyAsWell() {
        sink.ready = false;
        events.add(sink);
        containers.create(
                Requests.spec(
                        Requests.container().putAnnotations("large", "x".repeat(1 << 20)),
                        sandboxes.list().getFirst()));
        for (int i = 0; i < 15; i++) {
            announce(ContainerChange.Kind.STARTED);
        }
        assertThat(sink.ends).isEmpty();
        announce(ContainerChange.Kind.STARTED);
        assertThat(sink.ends).singleElement().isInstanceOf(ResourceExhaustedException.class);
    }

    @Test
    void aClientThatLeftIsToldNothing() {
        EventBroadcaster.Client client = events.add(sink);
        client.close();
        sandboxes.remove(Requests.SANDBOX_ID);
        assertThat(sink.taken).isEmpty();
    }

    @Test
    void closingEndsEveryStream() {
        events.add(sink);
        events.close();
        events.close();
        sandboxes.remove(Requests.SANDBOX_ID);
        assertThat(sink.taken).isEmpty();
        assertThat(sink.ends).singleElement().isInstanceOf(UnavailableException.class);
    }
}
