package io.carpel.agent.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.agent.pod.FakeContainers;
import io.carpel.agent.pod.FakeSandboxes;
import io.carpel.agent.translate.Requests;
import io.carpel.cri.ContainerStats;
import io.carpel.cri.ContainerStatsFilter;
import io.carpel.cri.PodSandboxStats;
import io.carpel.cri.PodSandboxStatsFilter;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.stats.ContainerStats.Cpu;
import io.carpel.runtime.stats.ContainerStats.Memory;
import io.carpel.runtime.stats.ContainerStats.Pressure;
import io.carpel.runtime.stats.ContainerStats.Stall;
import io.carpel.runtime.stats.InterfaceStats;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class StatsServiceTest {
    private static final Instant AT = Instant.ofEpochSecond(7);

    private final FakeSandboxes sandboxes = new FakeSandboxes();
    private final FakeContainers containers = new FakeContainers();
    private final FakeUsages usages = new FakeUsages();
    private final StatsService service =
            new StatsService(sandboxes, containers, usages, "/var/lib/carpel");

    @BeforeEach
    void onePodWithOneContainer() {
        sandboxes.run(
                Requests.sandboxes()
                        .toSpec(
                                Requests.SANDBOX_ID,
                                Requests.sandbox().putLabels("app", "web").build(),
                                ""));
        containers.create(
                Requests.spec(
                        Requests.container().putLabels("app", "web"), sandboxes.list().getFirst()));
    }

    private static io.carpel.runtime.stats.ContainerStats usage(
            String id, Instant at, long cpu, Optional<Long> limit) {
        return new io.carpel.runtime.stats.ContainerStats(
                id,
                at,
                Optional.of(new Cpu(cpu, 0, 0, 0, 0, 0)),
                Optional.of(
                        new Memory(
                                1000,
                                600,
                                300,
                                0,
                                0,
                                0,
                                limit,
                                Optional.of(50L),
                                Optional.empty(),
                                8,
                                2,
                                0)),
                Optional.of(5L),
                List.of(),
                Optional.of(new Pressure(new Stall(1, 2, 3, 4), new Stall(5, 6, 7, 8))),
                Optional.empty(),
                Optional.empty());
    }

    @Test
    void numbersAreInTheirPlaces() {
        usages.all.put(
                Requests.CONTAINER_ID, usage(Requests.CONTAINER_ID, AT, 9, Optional.of(1500L)));
        ContainerStats stats = service.container(Requests.CONTAINER_ID.substring(0, 13));
        assertThat(stats.getAttributes().getId()).isEqualTo(Requests.CONTAINER_ID);
        assertThat(stats.getAttributes().getMetadata().getName()).isEqualTo("app");
        assertThat(stats.getAttributes().getLabelsMap()).containsEntry("app", "web");
        assertThat(stats.getCpu().getTimestamp()).isEqualTo(7_000_000_000L);
        assertThat(stats.getCpu().getUsageCoreNanoSeconds().getValue()).isEqualTo(9);
        assertThat(stats.getCpu().hasUsageNanoCores()).isFalse();
        assertThat(stats.getCpu().getPsi().getFull().getTotal()).isEqualTo(8);
        assertThat(stats.getMemory().getWorkingSetBytes().getValue()).isEqualTo(600);
        assertThat(stats.getMemory().getAvailableBytes().getValue()).isEqualTo(900);
        assertThat(stats.getMemory().hasPsi()).isFalse();
        assertThat(stats.getSwap().getSwapUsageBytes().getValue()).isEqualTo(50);
        assertThat(stats.hasIo()).isFalse();
        assertThat(stats.getWritableLayer().getFsId().getMountpoint()).isEqualTo("/var/lib/carpel");
        assertThat(stats.getWritableLayer().getUsedBytes().getValue()).isEqualTo(4096);
    }

    @Test
    void theSecondSampleHasARateAndNoLimitMeansNothingAvailable() {
        usages.all.put(
                Requests.CONTAINER_ID, usage(Requests.CONTAINER_ID, AT, 0, Optional.empty()));
        assertThat(service.container(Requests.CONTAINER_ID).getMemory().hasAvailableBytes())
                .isFalse();
        usages.all.put(
                Requests.CONTAINER_ID,
                usage(Requests.CONTAINER_ID, AT.plusSeconds(2), 1000, Optional.empty()));
        assertThat(service.container(Requests.CONTAINER_ID).getCpu().getUsageNanoCores().getValue())
                .isEqualTo(500);
    }

    @Test
    void anEndedContainerHasAttributesAndIsNotListed() {
        assertThat(service.container(Requests.CONTAINER_ID).getAttributes().getId())
                .isEqualTo(Requests.CONTAINER_ID);
        assertThat(service.container(Requests.CONTAINER_ID).hasCpu()).isFalse();
        assertThat(service.containers(ContainerStatsFilter.getDefaultInstance())).isEmpty();
        assertThatThrownBy(() -> service.container("dead")).isInstanceOf(NotFoundException.class);
    }

    @Test
    void listsAreFiltered() {
        usages.all.put(
                Requests.CONTAINER_ID, usage(Requests.CONTAINER_ID, AT, 9, Optional.empty()));
        assertThat(service.containers(ContainerStatsFilter.getDefaultInstance())).hasSize(1);
        assertThat(
                        service.containers(
                                ContainerStatsFilter.newBuilder().setPodSandboxId("55").build()))
                .hasSize(1);
        assertThat(service.containers(ContainerStatsFilter.newBuilder().setId("dead").build()))
                .isEmpty();
        assertThat(
                        service.containers(
                                ContainerStatsFilter.newBuilder()
                                        .putLabelSelector("app", "db")
                                        .build()))
                .isEmpty();
    }

    @Test
    void aSandboxHasItsOwnNumbersAndThoseOfItsContainers() {
        usages.all.put(
                Requests.CONTAINER_ID, usage(Requests.CONTAINER_ID, AT, 9, Optional.empty()));
        usages.all.put(Requests.SANDBOX_ID, usage(Requests.SANDBOX_ID, AT, 11, Optional.empty()));
        usages.interfaces =
                List.of(
                        new InterfaceStats("net1", 5, 0, 0, 0, 6, 0, 0, 0),
                        new InterfaceStats("eth0", 1, 0, 2, 0, 3, 0, 4, 0));
        PodSandboxStats stats = service.sandbox(Requests.SANDBOX_ID);
        assertThat(stats.getLinux().getCpu().getUsageCoreNanoSeconds().getValue()).isEqualTo(11);
        assertThat(stats.getLinux().getProcess().getProcessCount().getValue()).isEqualTo(5);
        assertThat(stats.getLinux().getNetwork().getDefaultInterface().getName()).isEqualTo("eth0");
        assertThat(stats.getLinux().getNetwork().getDefaultInterface().getRxErrors().getValue())
                .isEqualTo(2);
        assertThat(stats.getLinux().getNetwork().getInterfacesList())
                .singleElement()
                .extracting("name")
                .isEqualTo("net1");
        assertThat(stats.getLinux().getContainersList()).hasSize(1);
        assertThat(service.sandboxes(PodSandboxStatsFilter.getDefaultInstance()))
                .singleElement()
                .isEqualTo(stats);
        sandboxes.stop(Requests.SANDBOX_ID);
        assertThat(service.sandboxes(PodSandboxStatsFilter.getDefaultInstance())).isEmpty();
    }
}
