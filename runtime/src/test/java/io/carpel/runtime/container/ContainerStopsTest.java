package io.carpel.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.sandbox.Specs;
import io.carpel.runtime.spec.PidMode;
import io.carpel.runtime.store.RecordStore;
import io.carpel.runtime.store.StateLayout;
import io.carpel.runtime.work.Subject;
import io.carpel.runtime.work.WorkRoom;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
final class ContainerStopsTest {
    private static final String ID = Specs.id(7);

    @TempDir Path directory;

    /// Stopping what is gone is done, also for who has found it there a moment before.
    @Test
    void aStopThatComesAfterTheRemovalIsDone() {
        Clock clock = Clock.systemUTC();
        ContainerStates states =
                new ContainerStates(
                        Container.table(),
                        new RecordStore<>(
                                directory,
                                ContainerRecord.class,
                                ContainerRecord.VERSION,
                                RecordStore.mapper()));
        ContainerStops stops =
                new ContainerStops(
                        states, new ContainerEnds(states, clock), new ConcurrentHashMap<>());
        FakeShim shim = new FakeShim(7);
        LiveContainer removed =
                new LiveContainer(
                        ID,
                        PidMode.CONTAINER,
                        shim,
                        new FakeCgroups().reopen("/fake/" + ID),
                        new KeptProcess(
                                new ProcessStore(StateLayout.standard(), RecordStore.mapper()),
                                ID));
        WorkRoom.open(clock)
                .board()
                .run(
                        Subject.container(Specs.id(1), ID),
                        "stop",
                        work -> stops.stop(removed, Duration.ofSeconds(1), work));
        assertThat(shim.signals).isEmpty();
    }
}
