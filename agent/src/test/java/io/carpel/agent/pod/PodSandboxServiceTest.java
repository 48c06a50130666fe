package io.carpel.agent.pod;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.agent.translate.InfoTranslator;
import io.carpel.agent.translate.Requests;
import io.carpel.cri.LinuxContainerResources;
import io.carpel.cri.PodSandbox;
import io.carpel.cri.PodSandboxConfig;
import io.carpel.cri.PodSandboxFilter;
import io.carpel.cri.PodSandboxState;
import io.carpel.cri.PodSandboxStateValue;
import io.carpel.cri.PodSandboxStatusResponse;
import io.carpel.runtime.error.AlreadyExistsException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.error.UnavailableException;
import io.carpel.runtime.work.WorkBoard;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.ObjectMapper;

@Timeout(30)
final class PodSandboxServiceTest {
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final FakeSandboxes sandboxes = new FakeSandboxes();
    private final FakeContainers containers = new FakeContainers();
    private final AtomicInteger next = new AtomicInteger();
    private final PodSandboxService service = service(Clock.systemUTC());

    private PodSandboxService service(Clock clock) {
        return new PodSandboxService(
                sandboxes,
                containers,
                Requests.sandboxes(),
                new InfoTranslator(new ObjectMapper(), new WorkBoard(Clock.systemUTC())),
                new PodSandboxService.Tools(
                        () -> "%064x".formatted(0xab00 + next.incrementAndGet()), clock, executor));
    }

    @AfterEach
    void close() {
        executor.shutdownNow();
    }

    private static PodSandboxConfig config(int attempt) {
        PodSandboxConfig.Builder config = Requests.sandbox();
        config.getMetadataBuilder().setAttempt(attempt);
        return config.putLabels("attempt", "" + attempt).putLabels("app", "web").build();
    }

    private static PodSandboxFilter.Builder filter() {
        return PodSandboxFilter.newBuilder();
    }

    private java.util.List<String> list(PodSandboxFilter.Builder filter) {
        return service.list(filter.build()).stream().map(PodSandbox::getId).toList();
    }

    @Test
    void aTakenNameIsRefusedUntilItsHolderIsRemoved() {
        String id = service.run(config(0), "");
        assertThatThrownBy(() -> service.run(config(0), ""))
                .isInstanceOf(AlreadyExistsException.class)
                .hasMessageContaining(id);
        service.stop(id);
        assertThatThrownBy(() -> service.run(config(0), ""))
                .isInstanceOf(AlreadyExistsException.class);
        service.remove(id);
        assertThat(service.run(config(0), "")).isNotEqualTo(id);
    }

    @Test
    void otherAttemptsAreOtherNames() {
        assertThat(service.run(config(0), "")).isNotEqualTo(service.run(config(1), ""));
    }

    @Test
    void aSandboxFromBeforeKeepsItsName() {
        service.run(config(0), "");
        PodSandboxService restarted = service(Clock.systemUTC());
        assertThatThrownBy(() -> restarted.run(config(0), ""))
                .isInstanceOf(AlreadyExistsException.class);
    }

    @Test
    void aFailedRunFreesTheName() {
        sandboxes.duringRun =
                () -> {
                    throw new UnavailableException("no network");
                };
        assertThatThrownBy(() -> service.run(config(0), ""))
                .isInstanceOf(UnavailableException.class);
        sandboxes.duringRun = () -> {};
        assertThat(service.run(config(0), "")).isNotEmpty();
    }

    @Test
    void aWrongRequestFreesTheName() {
        PodSandboxConfig wrong = config(0).toBuilder().setHostname("a b").build();
        assertThatThrownBy(() -> service.run(wrong, ""))
                .isInstanceOf(InvalidArgumentException.class);
        assertThat(service.run(config(0), "")).isNotEmpty();
    }

    @Test
    void theSameRequestMeanwhileGetsTheSameSandbox() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        sandboxes.duringRun =
                () -> {
                    begun.countDown();
                    try {
                        go.await();
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                };
        Future<String> first = executor.submit(() -> service.run(config(0), ""));
        begun.await();
        FutureTask<String> second = new FutureTask<>(() -> service.run(config(0), ""));
        Waiting.untilBlocked(Thread.ofVirtual().start(second));
        go.countDown();
        assertThat(second.get()).isEqualTo(first.get());
        assertThat(sandboxes.runs).hasValue(1);
    }

    @Test
    void stopAndRemoveOfNothingSucceed() {
        service.stop("feed");
        service.remove("feed");
        assertThat(sandboxes.stopped).isEmpty();
        assertThatThrownBy(() -> service.stop("")).isInstanceOf(InvalidArgumentException.class);
        assertThatThrownBy(() -> service.remove("")).hasMessage("pod_sandbox_id is empty");
    }

    @Test
    void idsMayBeCutShort() {
        String one = service.run(config(0), "");
        service.run(config(1), "");
        String common = one.substring(0, 62);
        assertThat(service.status(one.substring(0, 64), false).getStatus().getId()).isEqualTo(one);
        assertThatThrownBy(() -> service.status(common, false))
                .isInstanceOf(InvalidArgumentException.class);
        assertThatThrownBy(() -> service.status("dead", false))
                .isInstanceOf(NotFoundException.class)
                .hasMessage("sandbox 'dead' does not exist");
        assertThat(list(filter().setId(common))).isEmpty();
        assertThat(list(filter().setId("dead"))).isEmpty();
        assertThat(list(filter().setId(one))).containsExactly(one);
        service.remove(one);
        assertThat(list(filter().setId(common))).hasSize(1);
    }

    @Test
    void filtersAreAnded() {
        String ready = service.run(config(0), "");
        String stopped = service.run(config(1), "");
        service.stop(stopped);
        assertThat(list(filter())).containsExactly(ready, stopped);
        assertThat(list(filter().setState(state(PodSandboxState.SANDBOX_READY))))
                .containsExactly(ready);
        assertThat(list(filter().setState(state(PodSandboxState.SANDBOX_NOTREADY))))
                .containsExactly(stopped);
        assertThat(list(filter().putLabelSelector("app", "web"))).hasSize(2);
        assertThat(list(filter().putLabelSelector("app", "we"))).isEmpty();
        assertThat(list(filter().putLabelSelector("app", "web").putLabelSelector("attempt", "1")))
                .containsExactly(stopped);
        assertThat(list(filter().setId(ready).setState(state(PodSandboxState.SANDBOX_NOTREADY))))
                .isEmpty();
    }

    private static PodSandboxStateValue state(PodSandboxState state) {
        return PodSandboxStateValue.newBuilder().setState(state).build();
    }

    @Test
    void verboseAnswersHaveInfo() {
        String id = service.run(config(0), "");
        PodSandboxStatusResponse plain = service.status(id, false);
        assertThat(plain.getInfoMap()).isEmpty();
        assertThat(service.status(id, true).getInfoMap()).containsOnlyKeys("info");
        service.updateResources(
                id,
                LinuxContainerResources.getDefaultInstance(),
                LinuxContainerResources.newBuilder().setCpuShares(77).build());
        assertThat(service.status(id, true).getInfoOrThrow("resources")).contains("77");
    }

    @Test
    void resizesAreChecked() {
        String id = service.run(config(0), "");
        assertThatThrownBy(() ->
                        service.updateResources(
                                id,
                                LinuxContainerResources.getDefaultInstance(),
                                LinuxContainerResources.newBuilder().setCpuShares(-1).build()))
                .isInstanceOf(InvalidArgumentException.class);
        assertThatThrownBy(() ->
                        service.updateResources(
                                "dead",
                                LinuxContainerResources.getDefaultInstance(),
                                LinuxContainerResources.getDefaultInstance()))
                .isInstanceOf(NotFoundException.class);
    }

    @Test
    void timestampsDoNotGoBack() {
        Instant[] now = {Instant.ofEpochSecond(100)};
        PodSandboxService clocked =
                service(
                        new Clock() {
                            @Override
                            public ZoneOffset getZone() {
                                return ZoneOffset.UTC;
                            }

                            @Override
                            public Clock withZone(java.time.ZoneId zone) {
                                return this;
                            }

                            @Override
                            public Instant instant() {
                                return now[0];
                            }
                        });
        String id = clocked.run(config(0), "");
        long first = clocked.status(id, false).getTimestamp();
        now[0] = Instant.ofEpochSecond(50);
        assertThat(clocked.status(id, false).getTimestamp()).isGreaterThanOrEqualTo(first);
    }

    /// A kubelet that has heard of the stop later than of the state would not believe it.
    @Test
    void theStateIsNoOlderThanItsTime() {
        Runnable[] meanwhile = {() -> {}};
        Clock busy =
                new Clock() {
                    @Override
                    public ZoneOffset getZone() {
                        return ZoneOffset.UTC;
                    }

                    @Override
                    public Clock withZone(java.time.ZoneId zone) {
                        return this;
                    }

                    @Override
                    public Instant instant() {
                        meanwhile[0].run();
                        return Instant.ofEpochSecond(100);
                    }
                };
        PodSandboxService clocked = service(busy);
        String id = clocked.run(config(0), "");
        meanwhile[0] = () -> clocked.stop(id);
        assertThat(clocked.status(id, false).getStatus().getState())
                .isEqualTo(PodSandboxState.SANDBOX_NOTREADY);
    }
}
