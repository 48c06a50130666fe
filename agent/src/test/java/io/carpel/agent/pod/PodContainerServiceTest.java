package io.carpel.agent.pod;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.agent.translate.InfoTranslator;
import io.carpel.agent.translate.Requests;
import io.carpel.cri.Container;
import io.carpel.cri.ContainerConfig;
import io.carpel.cri.ContainerFilter;
import io.carpel.cri.ContainerState;
import io.carpel.cri.ContainerStateValue;
import io.carpel.cri.LinuxContainerResources;
import io.carpel.cri.NamespaceMode;
import io.carpel.cri.NamespaceOption;
import io.carpel.runtime.error.AlreadyExistsException;
import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.error.UnavailableException;
import io.carpel.runtime.work.WorkBoard;
import java.time.Clock;
import java.util.List;
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
final class PodContainerServiceTest {
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final FakeSandboxes sandboxes = new FakeSandboxes();
    private final FakeContainers containers = new FakeContainers();
    private final AtomicInteger next = new AtomicInteger();
    private final PodContainerService service = service();
    private final String pod = sandbox("5");
    private final String otherPod = sandbox("6");

    private PodContainerService service() {
        return new PodContainerService(
                sandboxes,
                containers,
                Requests.containers(),
                new InfoTranslator(new ObjectMapper(), new WorkBoard(Clock.systemUTC())),
                new PodSandboxService.Tools(
                        () -> "%064x".formatted(0xcd00 + next.incrementAndGet()),
                        Clock.systemUTC(),
                        executor));
    }

    private String sandbox(String digit) {
        return sandboxes
                .run(Requests.sandboxes().toSpec(digit.repeat(64), Requests.sandbox().build(), ""))
                .id();
    }

    @AfterEach
    void close() {
        executor.shutdownNow();
    }

    private static ContainerConfig config(String name) {
        ContainerConfig.Builder config = Requests.container().putLabels("name", name);
        config.getMetadataBuilder().setName(name);
        return config.build();
    }

    private List<String> list(ContainerFilter.Builder filter) {
        return service.list(filter.build()).stream().map(Container::getId).toList();
    }

    private static ContainerFilter.Builder filter() {
        return ContainerFilter.newBuilder();
    }

    @Test
    void aNameIsUniqueInItsSandbox() {
        String id = service.create(pod, config("app"));
        service.create(otherPod, config("app"));
        assertThatThrownBy(() -> service.create(pod, config("app")))
                .isInstanceOf(AlreadyExistsException.class)
                .hasMessageContaining(id);
        service.remove(id);
        service.create(pod, config("app"));
    }

    @Test
    void aContainerFromBeforeKeepsItsName() {
        service.create(pod, config("app"));
        PodContainerService restarted = service();
        assertThatThrownBy(() -> restarted.create(pod, config("app")))
                .isInstanceOf(AlreadyExistsException.class);
    }

    @Test
    void aFailedCreateFreesTheName() {
        containers.duringCreate =
                () -> {
                    throw new UnavailableException("no shim");
                };
        assertThatThrownBy(() -> service.create(pod, config("app")))
                .isInstanceOf(UnavailableException.class);
        containers.duringCreate = () -> {};
        assertThat(service.create(pod, config("app"))).isNotEmpty();
    }

    @Test
    void theSameRequestMeanwhileGetsTheSameContainer() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        containers.duringCreate =
                () -> {
                    begun.countDown();
                    try {
                        go.await();
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                };
        Future<String> first = executor.submit(() -> service.create(pod, config("app")));
        begun.await();
        FutureTask<String> second = new FutureTask<>(() -> service.create(pod, config("app")));
        Waiting.untilBlocked(Thread.ofVirtual().start(second));
        go.countDown();
        assertThat(second.get()).isEqualTo(first.get());
        assertThat(containers.creates).hasValue(1);
    }

    @Test
    void aContainerNeedsAReadySandbox() {
        assertThatThrownBy(() -> service.create("dead", config("app")))
                .isInstanceOf(NotFoundException.class);
        sandboxes.stop(pod);
        assertThatThrownBy(() -> service.create(pod, config("app")))
                .isInstanceOf(FailedPreconditionException.class)
                .hasMessageContaining("is not ready");
    }

    @Test
    void aTargetIsFoundByPrefix() {
        ContainerConfig own =
                Requests.container(NamespaceOption.newBuilder().setPid(NamespaceMode.CONTAINER))
                        .build();
        String seen = service.create(pod, own);
        service.start(seen);
        ContainerConfig debug =
                Requests.container(
                                NamespaceOption.newBuilder()
                                        .setPid(NamespaceMode.TARGET)
                                        .setTargetId(seen))
                        .setMetadata(config("debug").getMetadata())
                        .build();
        String id = service.create(pod, debug);
        assertThat(containers.find(id).orElseThrow().spec().targetContainer()).contains(seen);
    }

    @Test
    void stopAndRemoveOfNothingSucceed() {
        service.stop("dead", 10);
        service.remove("dead");
        assertThat(containers.calls).isEmpty();
        assertThatThrownBy(() -> service.stop("", 1)).hasMessage("container_id is empty");
        assertThatThrownBy(() -> service.start("dead")).isInstanceOf(NotFoundException.class);
    }

    @Test
    void graceIsNeverNegativeAndNeverOverflows() {
        String id = service.create(pod, config("app"));
        service.stop(id, -5);
        service.stop(id, 7);
        service.stop(id, Long.MAX_VALUE);
        assertThat(containers.calls)
                .containsExactly(
                        "stop " + id + " PT0S", "stop " + id + " PT7S", "stop " + id + " PT87600H");
    }

    @Test
    void callsReachTheContainerByPrefix() {
        String id = service.create(pod, config("app"));
        service.start(id);
        service.reopenLog(id);
        service.update(id, LinuxContainerResources.newBuilder().setMemoryLimitInBytes(9).build());
        assertThat(service.execSync(id, List.of("true"), 0).exitCode()).isEqualTo(3);
        assertThat(containers.calls)
                .containsExactly(
                        "start " + id,
                        "reopenLog " + id,
                        "update " + id + " 9",
                        "exec " + id + " [true] PT0S");
    }

    @Test
    void anExecNeedsACommand() {
        String id = service.create(pod, config("app"));
        assertThatThrownBy(() -> service.execSync(id, List.of(), 0))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessage("cmd is empty");
        assertThatThrownBy(() -> service.execSync(id, List.of("true"), -1))
                .hasMessageStartingWith("timeout '-1'");
        assertThatThrownBy(() -> service.execSync("dead", List.of("true"), 0))
                .isInstanceOf(NotFoundException.class);
    }

    @Test
    void filtersAreAnded() {
        String one = service.create(pod, config("one"));
        String two = service.create(otherPod, config("two"));
        service.start(two);
        assertThat(list(filter())).containsExactly(one, two);
        assertThat(list(filter().setPodSandboxId("5"))).containsExactly(one);
        assertThat(list(filter().setPodSandboxId("7"))).isEmpty();
        assertThat(list(filter().setId(one.substring(0, 63)))).isEmpty();
        assertThat(list(filter().setId(one))).containsExactly(one);
        assertThat(list(filter().putLabelSelector("name", "two"))).containsExactly(two);
        ContainerStateValue.Builder running =
                ContainerStateValue.newBuilder().setState(ContainerState.CONTAINER_RUNNING);
        assertThat(list(filter().setState(running))).containsExactly(two);
        assertThat(list(filter().setState(running).setPodSandboxId("5"))).isEmpty();
        assertThat(list(filter().setState(ContainerStateValue.getDefaultInstance())))
                .containsExactly(one);
    }

    @Test
    void verboseAnswersHaveInfo() {
        String id = service.create(pod, config("app"));
        assertThat(service.status(id, false).getInfoMap()).isEmpty();
        assertThat(service.status(id, true).getInfoMap()).containsOnlyKeys("info");
        sandboxes.remove(pod);
        assertThat(service.status(id, true).getInfoMap()).containsOnlyKeys("info");
    }
}
