package io.carpel.agent.cli.install;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NodeWatchTest {
    @TempDir private Path directory;

    private final AtomicLong now = new AtomicLong();
    private FakeHost host;
    private Path ready;
    private Path trouble;
    private NodeWatch watch;

    @BeforeEach
    void install() {
        host = new FakeHost(directory.resolve("node"));
        host.install(host.distribution("1111111111111111")).run(Optional.empty());
        ready = directory.resolve("run/ready");
        trouble = directory.resolve("run/ready.trouble");
        watch = new NodeWatch(host.parts(), "1.0+x", Optional.of(ready), now::get);
    }

    @Test
    void aHealthyAgentIsToldInLabelsConditionAndFile() {
        host.runUnder("carpel://1.0");
        assertThat(watch.look()).isTrue();
        assertThat(host.health()).contains(true);
        assertThat(ready).exists();
        assertThat(host.nodeLabels())
                .containsEntry("carpel.io/installed", "1.0-x")
                .containsEntry("carpel.io/ready", "true")
                .containsEntry("carpel.io/runtime", "active")
                .containsEntry("feature.carpel.io/cgroup", "v2")
                .containsEntry("feature.carpel.io/seccomp", "true");
    }

    @Test
    void anAgentThatHasEndedIsToldOnceAndSoIsItsReturn() throws IOException {
        watch.look();
        host.end();
        int events = host.events().size();
        assertThat(watch.look()).isFalse();
        assertThat(watch.look()).isFalse();
        assertThat(host.health()).contains(false);
        assertThat(ready).doesNotExist();
        assertThat(Files.readString(trouble)).contains("no agent");
        assertThat(host.nodeLabels()).doesNotContainKey("carpel.io/ready");
        assertThat(host.events().subList(events, host.events().size()))
                .containsExactly("CarpelUnhealthy");
        host.restart();
        assertThat(watch.look()).isTrue();
        assertThat(ready).exists();
        assertThat(trouble).doesNotExist();
        assertThat(host.events()).endsWith("CarpelHealthy");
    }

    @Test
    void anInstallationThatFailedSaysWhy() throws IOException {
        watch.failed("the disk is full");
        assertThat(ready).doesNotExist();
        assertThat(Files.readString(trouble)).isEqualTo("the disk is full\n");
        assertThat(host.health()).contains(false);
    }

    @Test
    void aConditionThatStaysIsWrittenEveryFiveMinutes() {
        watch.look();
        watch.look();
        assertThat(host.conditions()).isEqualTo(1);
        now.addAndGet(Duration.ofMinutes(5).toNanos());
        watch.look();
        assertThat(host.conditions()).isEqualTo(2);
    }

    @Test
    void whatTheClusterCouldNotBeToldIsToldLater() {
        watch.look();
        host.end();
        // labels are asked for after the condition, which follows the agent's answer
        host.failAt(host.calls() + 2);
        watch.look();
        assertThat(host.health()).contains(true);
        watch.look();
        assertThat(host.health()).contains(false);
    }
}
