package io.carpel.runtime.network.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.carpel.runtime.error.AlreadyExistsException;
import io.carpel.runtime.error.CancelledException;
import io.carpel.runtime.error.DeadlineExceededException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.error.UnavailableException;
import io.carpel.runtime.error.UnsupportedException;
import io.carpel.runtime.network.NetworkRequest;
import io.carpel.runtime.network.NetworkResult;
import io.carpel.runtime.spec.DnsSpec;
import io.carpel.runtime.spec.PortMapping;
import io.carpel.runtime.spec.PortMapping.Protocol;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The protocol with plugins, spoken with shell scripts that need no rights.
final class CniNetworkTest {
    private static final String CHAIN =
            """
            {"cniVersion":"1.0.0","name":"net","plugins":[
              {"type":"first","capabilities":{"portMappings":true,"dns":true,"bandwidth":false}},
              {"type":"second","setting":[1,2]}]}
            """;

    @TempDir Path directory;
    private ScriptedPlugins plugins;
    private CniNetwork network;

    @BeforeEach
    void open() throws IOException {
        plugins = new ScriptedPlugins(directory);
        network = reopened(Duration.ofSeconds(20));
    }

    private CniNetwork reopened(Duration timeout) throws IOException {
        return CniNetwork.open(
                new CniConfig(
                        plugins.configDirectory(),
                        List.of(directory.resolve("none"), plugins.bin()),
                        timeout),
                directory.resolve("state"));
    }

    private void chain() throws IOException {
        plugins.working("first", "1.0.0");
        plugins.working("second", "1.0.0");
        plugins.config("10-net.conflist", CHAIN);
    }

    private NetworkRequest request(String id) {
        return new NetworkRequest(
                id,
                id,
                directory,
                List.of(new PortMapping(Protocol.TCP, 8080, 80, "127.0.0.1")),
                Map.of("K8S_POD_NAME", "web", "A", "b"),
                Optional.of(new DnsSpec(List.of("10.0.0.1"), List.of(), List.of())),
                Optional.empty());
    }

    @Test
    void addRunsForwardAndDelBackwardWithTheResult() throws IOException {
        chain();
        NetworkResult result = network.attach(request("pod"));
        assertThat(result.addresses()).containsExactly("10.1.2.3");
        assertThat(result.dns().orElseThrow().servers()).containsExactly("10.0.0.53");
        network.detach(request("pod"));
        network.detach(request("pod"));

        assertThat(plugins.calls())
                .containsExactly("ADD first", "ADD second", "DEL second", "DEL first");
        assertThat(plugins.input("first", "ADD"))
                .contains("\"name\":\"net\"", "\"cniVersion\":\"1.0.0\"")
                .contains("\"portMappings\":[{\"hostPort\":8080,\"containerPort\":80")
                .contains("\"dns\":{\"servers\":[\"10.0.0.1\"]")
                .doesNotContain("capabilities", "prevResult", "bandwidth");
        assertThat(plugins.input("second", "ADD"))
                .contains("\"prevResult\":{", "\"setting\":[1,2]")
                .doesNotContain("runtimeConfig");
        assertThat(plugins.input("second", "DEL")).contains("\"prevResult\":{");
        assertThat(directory.resolve("state")).isEmptyDirectory();
        assertThat(plugins.probes()).as("one version probe per plugin").isEqualTo(2);
    }

    @Test
    void environmentHoldsNothingButWhatIsMeant() throws IOException {
        chain();
        network.attach(request("pod"));
        assertThat(plugins.environment("first", "ADD"))
                .filteredOn(line -> !line.matches("(PWD|SHLVL|_|OLDPWD)=.*")) // the shell's own
                .containsExactlyInAnyOrder(
                        "CNI_ARGS=IgnoreUnknown=1;A=b;K8S_POD_NAME=web",
                        "CNI_COMMAND=ADD",
                        "CNI_CONTAINERID=pod",
                        "CNI_IFNAME=eth0",
                        "CNI_NETNS=" + directory,
                        "CNI_PATH=%s:%s".formatted(directory.resolve("none"), plugins.bin()),
                        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    }

    @Test
    void argumentsThatWouldSmuggleOthersAreRefused() throws IOException {
        chain();
        var smuggling =
                new NetworkRequest(
                        "pod",
                        "pod",
                        directory,
                        List.of(),
                        Map.of("A", "b;IP=10.0.0.1"),
                        Optional.empty(),
                        Optional.empty());
        assertThatThrownBy(() -> network.attach(smuggling))
                .isInstanceOf(InvalidArgumentException.class);
        assertThat(plugins.calls()).isEmpty();
    }

    @Test
    void detachUsesWhatAttachUsedWhateverTheConfigurationSaysNow() throws IOException {
        chain();
        network.attach(request("pod"));
        Files.delete(plugins.configDirectory().resolve("10-net.conflist"));
        network = reopened(Duration.ofSeconds(20));
        assertThat(network.isConfigured()).isFalse();
        network.detach(request("pod"));
        assertThat(plugins.calls()).endsWith("DEL second", "DEL first");
    }

    @Test
    void goneNamespaceIsAnEmptyPathForDel() throws IOException {
        chain();
        var gone =
                new NetworkRequest(
                        "pod",
                        "pod",
                        directory.resolve("netns"),
                        List.of(),
                        Map.of(),
                        Optional.empty(),
                        Optional.empty());
        network.attach(gone);
        network.detach(gone);
        assertThat(plugins.environment("first", "DEL")).contains("CNI_NETNS=");
    }

    @Test
    void failureNamesPluginCodeMessageAndIsUndone() throws IOException {
        chain();
        plugins.plugin(
                "second",
                List.of("1.0.0"),
                """
                [ $CNI_COMMAND = DEL ] && exit 0
                echo "deep trouble" >&2
                echo '{"cniVersion":"1.0.0","code":7,"msg":"bad range","details":"10.0.0.0/33"}'; exit 1
                """);
        assertThatThrownBy(() -> network.attach(request("pod")))
                .isInstanceOf(KernelFaultException.class)
                .hasMessage(
                        "cni plugin second (ADD) failed: bad range; 10.0.0.0/33 (code 7); it said: deep trouble");
        assertThat(plugins.calls()).endsWith("DEL second", "DEL first");
        assertThat(directory.resolve("state")).isEmptyDirectory();
        chain();
        assertThat(network.attach(request("pod")).addresses()).hasSize(1);
    }

    @Test
    void tryAgainLaterIsUnavailable() throws IOException {
        chain();
        plugins.plugin("first", List.of("1.0.0"), "echo '{\"code\":11,\"msg\":\"busy\"}'; exit 1");
        assertThatThrownBy(() -> network.attach(request("pod")))
                .isInstanceOf(UnavailableException.class)
                .hasMessageContaining("busy");
    }

    @Test
    void garbageIsShownAndUndone() throws IOException {
        chain();
        plugins.plugin("second", List.of("1.0.0"), "echo 'Segmentation ...'");
        assertThatThrownBy(() -> network.attach(request("pod")))
                .isInstanceOf(KernelFaultException.class)
                .hasMessageStartingWith("cni plugin second (ADD): its result is not JSON")
                .hasMessageContaining("it printed: Segmentation ...");
        plugins.plugin(
                "second",
                List.of("1.0.0"),
                "[ $CNI_COMMAND = DEL ] && exit; printf '\\001\\377' ; exit 3");
        assertThatThrownBy(() -> network.attach(request("pod")))
                .isInstanceOf(KernelFaultException.class)
                .hasMessageContaining("failed with exit code 3 and no error object")
                .hasMessageContaining("\\x01");
        plugins.plugin(
                "second", List.of("1.0.0"), "[ $CNI_COMMAND = DEL ] || head -c 9000000 /dev/zero");
        assertThatThrownBy(() -> network.attach(request("pod")))
                .hasMessageContaining("printed too much");
        assertThat(directory.resolve("state")).isEmptyDirectory();
    }

    @Test
    void hangingPluginIsKilledWithItsChildren() throws IOException {
        network = reopened(Duration.ofMillis(1500));
        chain();
        Path pids = directory.resolve("pids");
        plugins.plugin(
                "second",
                List.of("1.0.0"),
                """
                [ $CNI_COMMAND = DEL ] && exit 0
                sh -c 'echo $$ >> %1$s; sleep 300 & echo $! >> %1$s; wait' &
                echo $$ >> %1$s
                echo waiting for nobody >&2
                wait
                """
                        .formatted(pids));
        assertThatThrownBy(() -> network.attach(request("pod")))
                .isInstanceOf(DeadlineExceededException.class)
                .hasMessage(
                        "cni plugin second (ADD) did not end within 1500 ms and was killed; it said: waiting for nobody");
        List<String> lines = Files.readAllLines(pids);
        assertThat(lines).hasSize(3);
        for (String pid : lines) {
            ProcessHandle.of(Long.parseLong(pid.strip()))
                    .ifPresent(handle -> handle.onExit().orTimeout(10, TimeUnit.SECONDS).join());
        }
        assertThat(directory.resolve("state")).isEmptyDirectory();
    }

    @Test
    void interruptKillsThePluginAndStillUndoes() throws Exception {
        chain();
        Path running = directory.resolve("running");
        plugins.plugin(
                "second",
                List.of("1.0.0"),
                "[ $CNI_COMMAND = DEL ] && exit 0\necho > %s; exec sleep 300".formatted(running));
        var failure = new CompletableFuture<Throwable>();
        Thread thread =
                Thread.ofPlatform()
                        .start(() ->
                                failure.complete(
                                        catchThrowable(() -> network.attach(request("pod")))));
        assertTimeoutPreemptively(
                Duration.ofSeconds(20),
                () -> {
                    while (!Files.exists(running)) {
                        Thread.onSpinWait();
                    }
                });
        thread.interrupt();
        assertThat(failure.get(20, TimeUnit.SECONDS)).isInstanceOf(CancelledException.class);
        assertThat(plugins.calls()).endsWith("DEL second", "DEL first");
        assertThat(directory.resolve("state")).isEmptyDirectory();
    }

    @Test
    void failingDelGoesOnAndIsTriedAgain() throws IOException {
        chain();
        network.attach(request("pod"));
        plugins.plugin("second", List.of("1.0.0"), "echo '{\"code\":100,\"msg\":\"no\"}'; exit 1");
        assertThatThrownBy(() -> network.detach(request("pod"))).hasMessageContaining("(DEL)");
        assertThat(plugins.calls()).endsWith("DEL second", "DEL first");
        plugins.working("second", "1.0.0");
        network.detach(request("pod"));
        assertThat(directory.resolve("state")).isEmptyDirectory();
    }

    @Test
    void networkThatNeverCameUpDoesNotKeepTheSandbox() throws IOException {
        chain();
        plugins.plugin("second", List.of("1.0.0"), "exit 1");
        assertThatThrownBy(() -> network.attach(request("pod")))
                .hasMessageContaining("(ADD)")
                .satisfies(failure ->
                        assertThat(failure.getSuppressed())
                                .singleElement()
                                .asString()
                                .contains("(DEL)"));
        network.detach(request("pod"));
        assertThat(directory.resolve("state/pod.json")).as("for the next start").exists();
    }

    @Test
    void deathAfterAddIsUndoneByTheNextLife() throws Exception {
        chain();
        network.attach(request("dead"));
        network.attach(request("live"));
        network = reopened(Duration.ofSeconds(20));
        assertThat(network.reconcile(Set.of("live"))).isEmpty();
        assertThat(network.awaitReconciled(Duration.ofSeconds(20))).isTrue();
        assertThat(plugins.calls()).endsWith("DEL second", "DEL first");
        assertThat(directory.resolve("state")).isDirectoryContaining("glob:**/live.json");
        assertThat(directory.resolve("state/dead.json")).doesNotExist();
        assertThatThrownBy(() -> network.attach(request("live")))
                .isInstanceOf(AlreadyExistsException.class);
    }

    @Test
    void missingPluginAndForeignVersionAreNamed() throws IOException {
        plugins.working("first", "1.0.0");
        plugins.config("10-net.conflist", CHAIN);
        assertThat(network.status().ready()).isFalse();
        assertThat(network.status().message()).contains("plugin second is not in");
        assertThatThrownBy(() -> network.attach(request("pod")))
                .isInstanceOf(UnavailableException.class)
                .hasMessageStartingWith("cni plugin second is not in " + directory.resolve("none"));
        plugins.working("second", "0.4.0");
        assertThatThrownBy(() -> network.attach(request("pod")))
                .isInstanceOf(UnsupportedException.class)
                .hasMessage(
                        "cni plugin second does not speak version 1.0.0 of the configuration, only 0.4.0");
        assertThat(plugins.calls()).as("nothing was begun").doesNotContain("ADD first");
    }

    @Test
    void statusAndGarbageCollectionNeedVersion11() throws Exception {
        chain();
        plugins.config("10-net.conflist", CHAIN.replace("1.0.0", "1.1.0"));
        plugins.plugin(
                "first",
                List.of("1.1.0"),
                """
                case $CNI_COMMAND in
                  ADD) cat <<'EOF'
                %sEOF
                  ;;
                  STATUS) echo '{"code":50,"msg":"no route to the controller"}'; exit 1;;
                esac
                """
                        .formatted(ScriptedPlugins.RESULT.formatted("1.1.0")));
        plugins.working("second", "1.1.0");
        assertThat(network.status().ready()).isFalse();
        assertThat(network.status().message())
                .contains("cni plugin first (STATUS) failed: no route to the controller (code 50)");
        assertThat(plugins.calls()).as("asked once").containsExactly("STATUS first");

        network.attach(request("pod"));
        network.reconcile(Set.of("pod"));
        assertThat(network.awaitReconciled(Duration.ofSeconds(20))).isTrue();
        assertThat(plugins.calls()).endsWith("GC first", "GC second");
        assertThat(plugins.input("second", "GC"))
                .contains(
                        "\"cni.dev/valid-attachments\":[{\"containerID\":\"pod\",\"ifname\":\"eth0\"}]");

        plugins.config(
                "10-net.conflist",
                CHAIN.replace("1.0.0", "1.1.0").replace("{\"cni", "{\"disableGC\":true,\"cni"));
        int before = plugins.calls().size();
        network.reconcile(Set.of("pod"));
        assertThat(network.awaitReconciled(Duration.ofSeconds(20))).isTrue();
        assertThat(plugins.calls()).hasSize(before);
    }

    @Test
    void aStatusThatHangsHoldsNobodyUp() throws Exception {
        Path hang = Files.createFile(directory.resolve("hang"));
        plugins.plugin(
                "first",
                List.of("1.1.0"),
                "while [ $CNI_COMMAND = STATUS ] && [ -e %s ]; do sleep 0.05; done"
                        .formatted(hang));
        plugins.working("second", "1.1.0");
        plugins.config("10-net.conflist", CHAIN.replace("1.0.0", "1.1.0"));

        assertThat(network.status().ready()).isFalse();
        assertThat(network.status().message())
                .contains("cni network net: its plugins have not answered STATUS for");
        assertThat(plugins.calls()).as("never twice at once").containsExactly("STATUS first");

        Files.delete(hang);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!network.status().ready()) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.onSpinWait();
        }
        assertThat(plugins.calls()).containsExactly("STATUS first", "STATUS second");
    }

    /// A kubelet tells them once, and not again when only this process begins anew.
    @Test
    void theClustersRangesAreToldToPluginsThatWantThemAlsoAfterARestart() throws IOException {
        plugins.working("first", "1.0.0");
        plugins.working("second", "1.0.0");
        plugins.config(
                "10-net.conflist", CHAIN.replace("\"dns\":true", "\"dns\":true,\"ipRanges\":true"));
        network.useRanges(List.of("10.244.1.0/24", "fd00:1::/64"));
        String told =
                "\"ipRanges\":[[{\"subnet\":\"10.244.1.0/24\"}],[{\"subnet\":\"fd00:1::/64\"}]]";

        network = reopened(Duration.ofSeconds(20));
        network.attach(request("pod"));
        assertThat(plugins.input("first", "ADD")).contains(told);
        assertThat(plugins.input("second", "ADD")).doesNotContain("ipRanges");
        network.useRanges(List.of("10.244.2.0/24"));
        network.detach(request("pod"));
        assertThat(plugins.input("first", "DEL")).as("as it was made").contains(told);
    }

    @Test
    void aRecordThatCannotBeReadIsNotForgotten() throws IOException {
        chain();
        network.attach(request("pod"));
        Path record = directory.resolve("state/pod.json");
        byte[] content = Files.readAllBytes(record);
        Files.delete(record);
        Files.createDirectory(record); // reading it fails, as with too many open files

        assertThatThrownBy(() -> network.detach(request("pod")))
                .isInstanceOf(KernelFaultException.class)
                .hasMessageStartingWith("sandbox pod: what is remembered of its network cannot be");
        Files.delete(record);
        Files.write(record, content);
        network.detach(request("pod"));
        assertThat(plugins.calls()).endsWith("DEL second", "DEL first");
    }

    @Test
    void aDirectoryThatCannotBeReadCountsAsConfigured() throws IOException {
        assertThat(network.isConfigured()).isFalse();
        for (int n = 0; n <= 1000; n++) {
            plugins.config("%d.conflist".formatted(n), "");
        }
        assertThat(network.isConfigured()).isTrue();
        assertThat(network.status().message()).contains("more than 1000 files");
    }

    @Test
    void checkIsLeftOutWhenTheConfigurationSaysSo() throws IOException {
        chain();
        network.attach(request("pod"));
        network.check(request("pod"));
        assertThat(plugins.calls()).endsWith("CHECK first", "CHECK second");
        plugins.config("10-net.conflist", CHAIN.replace("{\"cni", "{\"disableCheck\":true,\"cni"));
        network.attach(request("other"));
        network.check(request("other"));
        assertThat(plugins.calls()).endsWith("ADD first", "ADD second");
    }

    @Test
    void resultWithoutAddressIsAFailure() throws IOException {
        plugins.plugin("first", List.of("1.0.0"), "echo '{\"cniVersion\":\"1.0.0\"}'");
        plugins.config(
                "10-net.conf", "{\"cniVersion\":\"1.0.0\",\"name\":\"n\",\"type\":\"first\"}");
        assertThatThrownBy(() -> network.attach(request("pod")))
                .hasMessage("cni network n gave eth0 no address");
        assertThat(plugins.calls()).containsExactly("ADD first", "DEL first");
    }

    @Test
    void olderResultsAreUnderstood() throws IOException {
        plugins.plugin(
                "first",
                List.of("0.3.1"),
                "[ $CNI_COMMAND = DEL ] || echo '{\"cniVersion\":\"0.3.1\",\"ips\":[{\"version\":\"4\",\"address\":\"10.3.1.4/8\"}]}'");
        plugins.config(
                "10-net.conf", "{\"cniVersion\":\"0.3.1\",\"name\":\"n\",\"type\":\"first\"}");
        assertThat(network.attach(request("pod")).addresses()).containsExactly("10.3.1.4");
        network.detach(request("pod"));
        assertThat(plugins.input("first", "DEL")).as("new in 0.4.0").doesNotContain("prevResult");
    }
}
