package io.carpel.agent.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.image.PullProgress.Event;
import io.carpel.runtime.image.PullWatch;
import io.carpel.runtime.work.StepWatch.Running;
import io.carpel.runtime.work.Subject;
import io.grpc.Metadata;
import io.grpc.Status;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class AgentMetersTest {
    private final PrometheusMeterRegistry registry =
            new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private long nanos;
    private final AgentMeters meters = new AgentMeters(registry, () -> nanos);

    @Test
    void callsAreCountedAndTimedByMethodAndCode() {
        meters.finished("RuntimeService/RunPodSandbox", Status.Code.OK, Duration.ofMillis(7));
        meters.finished("RuntimeService/RunPodSandbox", Status.Code.OK, Duration.ofMillis(30));
        meters.began("ImageService/PullImage", new Metadata())
                .finished(Status.NOT_FOUND, Duration.ofSeconds(2));
        assertThat(registry.scrape().lines())
                .contains(
                        "carpel_cri_call_seconds_count{code=\"OK\",method=\"RunPodSandbox\"} 2",
                        "carpel_cri_call_seconds_sum{code=\"OK\",method=\"RunPodSandbox\"} 0.037",
                        "carpel_cri_call_seconds_bucket"
                                + "{code=\"OK\",method=\"RunPodSandbox\",le=\"0.005\"} 0",
                        "carpel_cri_call_seconds_bucket"
                                + "{code=\"OK\",method=\"RunPodSandbox\",le=\"0.01\"} 1",
                        "carpel_cri_call_seconds_count"
                                + "{code=\"NOT_FOUND\",method=\"PullImage\"} 1");
    }

    @Test
    void stepsAreTimedByOutcomeAndNotByPod() {
        var first =
                meters.begin(Subject.sandbox("a".repeat(64)), "attach the network", Running.NONE);
        nanos = 40_000_000;
        first.end(true);
        meters.begin(Subject.sandbox("b".repeat(64)), "attach the network", Running.NONE)
                .end(false);
        assertThat(registry.scrape())
                .contains(
                        "carpel_step_seconds_sum{kind=\"sandbox\",outcome=\"ok\","
                                + "step=\"attach the network\"} 0.04")
                .contains(
                        "carpel_step_seconds_count{kind=\"sandbox\",outcome=\"failed\","
                                + "step=\"attach the network\"} 1")
                .doesNotContain("aaaa");
    }

    @Test
    void aPullsBytesAreCountedOnceMoreWhenItStartsAgain() {
        PullWatch.Watched pull = meters.begin("example.test/a:1");
        assertThat(registry.scrape()).contains("carpel_image_pulls_active 1");
        pull.progress().on(new Event.Downloaded("sha256:1", 100, 300));
        pull.progress().on(new Event.Downloaded("sha256:2", 10, 10));
        pull.progress().on(new Event.Downloaded("sha256:1", 250, 300));
        pull.progress().on(new Event.Retrying("sha256:1", "reset"));
        pull.progress().on(new Event.Downloaded("sha256:1", 40, 300));
        pull.progress().on(new Event.Downloaded("sha256:1", 300, 300));
        pull.end().of(true);
        meters.begin("example.test/b:1").end().of(false);
        assertThat(registry.scrape().lines())
                .contains(
                        "carpel_image_pull_bytes_total 560.0",
                        "carpel_image_pulls_active 0.0",
                        "carpel_image_pulls_total{outcome=\"ok\"} 1.0",
                        "carpel_image_pulls_total{outcome=\"failed\"} 1.0");
    }

    @Test
    void whatIsKeptElsewhereIsAskedAtEachScrape() {
        meters.gauge("carpel.pods", "Pods by state", "ready", () -> nanos);
        meters.counter("carpel.dropped.bytes", "Lost", () -> nanos * 2);
        nanos = 12;
        // Whatever is not held is gone after it.
        System.gc();
        assertThat(registry.scrape().lines())
                .contains("carpel_pods{state=\"ready\"} 12.0", "carpel_dropped_bytes_total 24.0");
    }

    @Test
    void theVirtualMachineIsShown() {
        assertThat(registry.scrape())
                .contains("jvm_memory_used_bytes{area=\"heap\"")
                .contains("jvm_threads_live_threads")
                .contains("process_uptime_seconds");
    }
}
