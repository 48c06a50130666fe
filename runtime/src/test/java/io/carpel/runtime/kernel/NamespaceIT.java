package io.carpel.runtime.kernel;

import static io.carpel.runtime.kernel.RuntimeUnderTest.hostNamespace;
import static io.carpel.runtime.kernel.RuntimeUnderTest.namespace;
import static io.carpel.runtime.kernel.RuntimeUnderTest.proc;
import static io.carpel.runtime.kernel.RuntimeUnderTest.statusField;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.container.Container;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.sandbox.ContainerSpecDraft;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.sandbox.Specs;
import io.carpel.runtime.spec.ContainerSpec;
import io.carpel.runtime.spec.NamespaceSpec;
import io.carpel.runtime.spec.PidMode;
import io.carpel.runtime.spec.ProfileSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Which namespaces processes of a pod have, seen from inside and from outside.
@Timeout(60)
final class NamespaceIT {
    @RegisterExtension static final RuntimeExtension HOST = new RuntimeExtension("itns");

    private static final List<String> SHARED = List.of("net", "ipc", "uts");

    private final RuntimeUnderTest under = HOST.under();

    private static NamespaceSpec own(PidMode pid) {
        return new NamespaceSpec(false, false, pid, Optional.empty());
    }

    private static int pid(Container container) {
        return container.pid().orElseThrow();
    }

    @Test
    void containersOfAPodShareItsNamespacesAndOthersDoNot() throws IOException {
        Sandbox pod = under.run(own(PidMode.CONTAINER));
        Container one = under.start(pod, "sleep", "600");
        Container two = under.start(pod, "sleep", "600");
        Container other = under.start(under.run(own(PidMode.CONTAINER)), "sleep", "600");
        for (String kind : SHARED) {
            assertThat(namespace(pid(one), kind))
                    .as(kind)
                    .isEqualTo(namespace(pid(two), kind))
                    .isNotEqualTo(namespace(pid(other), kind))
                    .isNotEqualTo(hostNamespace(kind))
                    .isEqualTo(under.sh(one, "readlink /proc/self/ns/" + kind));
        }
        for (String kind : List.of("mnt", "pid")) {
            assertThat(namespace(pid(one), kind))
                    .as(kind)
                    .isNotEqualTo(namespace(pid(two), kind))
                    .isNotEqualTo(hostNamespace(kind));
        }
        assertThat(namespace(pid(one), "user")).isEqualTo(hostNamespace("user"));
        assertThat(statusField(pid(one), "NSpid")).isEqualTo(pid(one) + "\t1");
    }

    @Test
    void theParentOfAContainersProcessIsItsShim() throws IOException {
        Container container = under.start(under.run(own(PidMode.CONTAINER)), "sleep", "600");
        long parent = Long.parseLong(statusField(pid(container), "PPid"));
        assertThat(proc(parent, "comm").strip()).isEqualTo("carpel-shim");
        assertThat(parent).isNotEqualTo(ProcessHandle.current().pid());
        // What cgroupfs and systemd call it.
        assertThat(proc(parent, "cgroup").strip())
                .containsAnyOf("/carpel-itns/shims", container.id() + ".scope/shim");
        assertThat(proc(pid(container), "cgroup"))
                .containsAnyOf("/carpel-itns/" + container.id(), container.id() + ".scope/")
                .doesNotContain("/shim");
    }

    @Test
    void aPodHasItsHostnameAndItsAddress() throws Exception {
        Sandbox pod = under.run(own(PidMode.CONTAINER));
        Container container = under.start(pod, "sleep", "600");
        assertThat(under.sh(container, "hostname")).isEqualTo("pod-host");
        assertThat(under.sh(container, "cat /etc/hostname")).isEqualTo("pod-host");
        assertThat(under.sh(container, "echo $HOSTNAME")).isEqualTo("pod-host");
        assertThat(under.sh(container, "ip -4 addr show eth0"))
                .contains("inet " + pod.addresses().getFirst() + "/");
        assertThat(under.sh(container, "ip link show lo")).contains("UP");
        assertThat(under.sh(container, "cat /etc/hosts"))
                .contains(pod.addresses().getFirst() + "\tpod-host");
        String name = "carpel-itns-" + pod.id().substring(0, 13);
        assertThat(host("ip", "netns", "list")).contains(name);
        assertThat(host("ip", "netns", "exec", name, "ip", "-4", "addr", "show", "eth0"))
                .contains(pod.addresses().getFirst());
        under.runtime.sandboxes().remove(pod.id());
        assertThat(host("ip", "netns", "list")).doesNotContain(name);
    }

    @Test
    void podsReachEachOther() {
        Sandbox server = under.run(own(PidMode.CONTAINER));
        under.start(server, "sh", "-c", "echo hello | nc -l -p 8080");
        Container client = under.start(under.run(own(PidMode.CONTAINER)), "sleep", "600");
        RuntimeUnderTest.await(
                "an answer",
                () ->
                        RuntimeUnderTest.text(
                                        under.exec(
                                                        client,
                                                        "nc -w 2 "
                                                                + server.addresses().getFirst()
                                                                + " 8080 </dev/null")
                                                .stdout()
                                                .toArray())
                                .equals("hello\n"));
    }

    @Test
    void theHostsNetworkBringsTheHostsName() throws IOException {
        Sandbox pod =
                under.run(new NamespaceSpec(true, false, PidMode.CONTAINER, Optional.empty()));
        Container container = under.start(pod, "sleep", "600");
        assertThat(namespace(pid(container), "net")).isEqualTo(hostNamespace("net"));
        assertThat(namespace(pid(container), "uts")).isEqualTo(hostNamespace("uts"));
        assertThat(namespace(pid(container), "ipc")).isNotEqualTo(hostNamespace("ipc"));
        assertThat(under.sh(container, "hostname"))
                .isEqualTo(Files.readString(Path.of("/proc/sys/kernel/hostname")).strip());
        assertThat(pod.addresses()).isEmpty();
    }

    @Test
    void sharedMemoryAndQueuesCrossWithinAPodOnly() throws Exception {
        Sandbox pod = under.run(own(PidMode.CONTAINER));
        Container one = under.start(pod, "sleep", "600");
        Container two = under.start(pod, "sleep", "600");
        Container other = under.start(under.run(own(PidMode.CONTAINER)), "sleep", "600");
        String memory = id(under.sh(one, "/usr/bin/ipcmk -M 4096"));
        String queue = id(under.sh(one, "/usr/bin/ipcmk -Q"));
        under.sh(one, "echo from-one > /dev/shm/note");

        assertThat(under.sh(two, "/usr/bin/ipcs -m")).containsPattern("0x\\w+ +" + memory + " ");
        assertThat(under.sh(two, "/usr/bin/ipcs -q")).containsPattern("0x\\w+ +" + queue + " ");
        assertThat(under.sh(two, "cat /dev/shm/note")).isEqualTo("from-one");

        assertThat(under.sh(other, "/usr/bin/ipcs -m")).doesNotContainPattern("0x\\w+ ");
        assertThat(under.sh(other, "/usr/bin/ipcs -q")).doesNotContainPattern("0x\\w+ ");
        assertThat(under.sh(other, "ls /dev/shm")).isEmpty();
        assertThat(Path.of("/dev/shm/note")).doesNotExist();
    }

    private static String id(String ipcmk) {
        return ipcmk.replaceAll("\\D", "");
    }

    @Test
    void theHostsIpcBringsItsSharedMemory() throws IOException {
        Sandbox pod = under.run(new NamespaceSpec(true, true, PidMode.CONTAINER, Optional.empty()));
        Container container = under.start(pod, "sleep", "600");
        assertThat(namespace(pid(container), "ipc")).isEqualTo(hostNamespace("ipc"));
        Path note = Path.of("/dev/shm/carpel-itns-" + ProcessHandle.current().pid());
        try {
            Files.writeString(note, "from the host");
            assertThat(under.sh(container, "cat " + note)).isEqualTo("from the host");
        } finally {
            Files.deleteIfExists(note);
        }
    }

    @Test
    void aPodsOwnPidNamespaceHasAReaperAsItsFirstProcess() throws IOException {
        Sandbox pod = under.run(own(PidMode.POD));
        Container one = under.start(pod, "sleep", "601");
        Container two = under.start(pod, "sleep", "602");
        int reaper = pod.reaperPid().orElseThrow();
        assertThat(namespace(pid(one), "pid"))
                .isEqualTo(namespace(pid(two), "pid"))
                .isEqualTo(namespace(reaper, "pid"))
                .isNotEqualTo(hostNamespace("pid"));
        assertThat(statusField(reaper, "NSpid")).isEqualTo(reaper + "\t1");
        assertThat(under.sh(one, "ps -o args")).contains("sleep 601").contains("sleep 602");
        assertThat(statusField(pid(one), "NSpid")).doesNotEndWith("\t1");
        // An orphan's new parent is the reaper, and it is reaped.
        under.sh(two, "sh -c 'sleep 0.1 & exit 0'");
        RuntimeUnderTest.await(
                "the orphan to be reaped", () -> !under.sh(one, "ps -o stat,args").contains("Z"));

        ProcessHandle.of(reaper).orElseThrow().destroyForcibly();
        assertThat(under.awaitExit(one.id()).exitCode()).isEqualTo(137);
        RuntimeUnderTest.await(
                "the sandbox to be not ready",
                () -> !under.runtime.sandboxes().get(pod.id()).isReady());
    }

    @Test
    void oneContainerOfASharedPidNamespaceEndsAlone() {
        Sandbox pod = under.run(own(PidMode.POD));
        Container one = under.start(pod, "sh", "-c", "sleep 611 & sleep 611");
        Container two = under.start(pod, "sleep", "612");
        under.runtime.containers().stop(one.id(), java.time.Duration.ZERO);
        assertThat(under.awaitExit(one.id()).exitCode()).isEqualTo(137);
        assertThat(under.sh(two, "ps -o args | grep -v grep"))
                .contains("sleep 612")
                .doesNotContain("sleep 611");
    }

    @Test
    void theHostsPidNamespaceShowsItsProcessesAndLetsThemBeSignalled() throws Exception {
        Process victim = new ProcessBuilder("sleep", "600").start();
        Sandbox pod = under.run(new NamespaceSpec(true, false, PidMode.HOST, Optional.empty()));
        // Under AppArmor's default profile, as under docker's, no process that is not confined
        // itself can be signalled.
        Container container =
                under.start(
                        Specs.container(
                                RuntimeUnderTest.newId(),
                                pod.spec(),
                                TestImageLayout.NAME,
                                List.of("sleep", "600"),
                                Specs.security(false, ProfileSpec.unconfined())));
        assertThat(namespace(pid(container), "pid")).isEqualTo(hostNamespace("pid"));
        assertThat(statusField(pid(container), "NSpid")).isEqualTo("" + pid(container));
        assertThat(under.sh(container, "cat /proc/" + victim.pid() + "/comm")).isEqualTo("sleep");
        under.sh(container, "kill -TERM " + victim.pid());
        assertThat(victim.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(victim.exitValue()).isEqualTo(143);
    }

    @Test
    void leavesNoProcessOfAContainerInTheHostsPidNamespace() throws IOException {
        Sandbox pod = under.run(new NamespaceSpec(true, false, PidMode.HOST, Optional.empty()));
        Container container =
                under.start(pod, "sh", "-c", "(trap '' HUP; sleep 607) & echo up; sleep 0.2");
        under.awaitExit(container.id());
        assertThat(host("ps", "-eo", "args")).doesNotContain("sleep 607");
    }

    @Test
    void aDebugContainerJoinsTheTargetsPidNamespace() throws IOException {
        Sandbox pod = under.run(own(PidMode.CONTAINER));
        Container target = under.start(pod, "sleep", "621");
        ContainerSpec base = under.containerSpec(pod, "sleep", "622");
        Container debug = under.start(targeting(base, target.id()));
        assertThat(namespace(pid(debug), "pid")).isEqualTo(namespace(pid(target), "pid"));
        assertThat(under.sh(debug, "ps -o pid,args")).containsPattern("\\b1 +sleep 621");
        assertThat(namespace(pid(debug), "mnt")).isNotEqualTo(namespace(pid(target), "mnt"));

        Sandbox elsewhere = under.run(own(PidMode.CONTAINER));
        ContainerSpec foreign =
                targeting(under.containerSpec(elsewhere, "sleep", "1"), target.id());
        assertThatThrownBy(() -> under.runtime.containers().create(foreign))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("is not of sandbox");
    }

    private static ContainerSpec targeting(ContainerSpec base, String target) {
        return new ContainerSpecDraft(base).target(target).spec();
    }

    @Test
    void mountsOfAContainerStayInIt() throws IOException {
        Sandbox pod = under.run(own(PidMode.CONTAINER));
        Container one = under.start(pod, "sleep", "600");
        Container two = under.start(pod, "sleep", "600");
        under.sh(one, "echo mine > /tmp/file");
        assertThat(under.exec(two, "cat /tmp/file").exitCode()).isNotZero();
        assertThat(Files.readString(Path.of("/proc/self/mountinfo"), StandardCharsets.UTF_8))
                .doesNotContain("overlay " + under.directory)
                .doesNotContain(one.id());
    }

    static String host(String... command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
}
