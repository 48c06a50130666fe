package io.carpel.runtime.kernel;

import static io.carpel.runtime.kernel.RuntimeUnderTest.hostNamespace;
import static io.carpel.runtime.kernel.RuntimeUnderTest.namespace;
import static io.carpel.runtime.kernel.RuntimeUnderTest.proc;
import static io.carpel.runtime.kernel.RuntimeUnderTest.statusField;
import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.container.Container;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.LinuxNamespaceCalls;
import io.carpel.runtime.sandbox.ContainerSpecDraft;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.spec.ContainerSpec;
import io.carpel.runtime.spec.IdMapping;
import io.carpel.runtime.spec.MountSpec;
import io.carpel.runtime.spec.NamespaceSpec;
import io.carpel.runtime.spec.PidMode;
import io.carpel.runtime.spec.UserNamespaceSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Pods with a user namespace of their own.
@Timeout(60)
final class UserNamespaceIT {
    @RegisterExtension static final RuntimeExtension HOST = new RuntimeExtension("itus");

    private static final long FIRST = 7 * 65536L;
    private static final List<IdMapping> MAP = List.of(new IdMapping(0, FIRST, 65536));

    private final RuntimeUnderTest under = HOST.under();

    private static NamespaceSpec mapped(boolean hostNetwork, PidMode pid) {
        return new NamespaceSpec(
                hostNetwork, false, pid, Optional.of(new UserNamespaceSpec(MAP, MAP)));
    }

    @Test
    void rootInsideIsNobodyOutside() throws IOException {
        Container container =
                under.start(under.run(mapped(false, PidMode.CONTAINER)), "sleep", "600");
        int pid = container.pid().orElseThrow();
        assertThat(proc(pid, "uid_map").strip().split(" +", -1))
                .containsExactly("0", "" + FIRST, "65536");
        assertThat(proc(pid, "gid_map").strip().split(" +", -1))
                .containsExactly("0", "" + FIRST, "65536");
        assertThat(statusField(pid, "Uid")).startsWith("" + FIRST);
        assertThat(under.sh(container, "id -u")).isEqualTo("0");
        assertThat(namespace(pid, "user")).isNotEqualTo(hostNamespace("user"));
    }

    @Test
    void theOtherNamespacesBelongToIt() throws IOException {
        Sandbox pod = under.run(mapped(false, PidMode.CONTAINER));
        Container one = under.start(pod, "sleep", "600");
        Container two = under.start(pod, "sleep", "600");
        int pid = one.pid().orElseThrow();
        LinuxNamespaceCalls calls = new LinuxNamespaceCalls();
        for (String kind : List.of("net", "ipc", "uts", "pid", "mnt")) {
            try (Fd ns = calls.open(Path.of("/proc/" + pid + "/ns/" + kind));
                    Fd owner = calls.owner(ns)) {
                assertThat(Files.readSymbolicLink(Path.of(owner.procPath())).toString())
                        .as(kind)
                        .isEqualTo(namespace(pid, "user"));
            }
        }
        assertThat(namespace(pid, "user")).isEqualTo(namespace(two.pid().orElseThrow(), "user"));
    }

    @Test
    void rootfsBelongsToRootInsideAndWritesAreMapped() throws IOException {
        Container container =
                under.start(under.run(mapped(false, PidMode.CONTAINER)), "sleep", "600");
        assertThat(under.sh(container, "stat -c %u:%g /bin/busybox /etc /proc/self/ /dev/null"))
                .isEqualTo("0:0\n0:0\n0:0\n65534:65534");
        under.sh(container, "touch /root/mine && chmod 600 /root/mine");
        Path upper = under.config.layout().upper(container.id());
        assertThat(Files.getAttribute(upper.resolve("root/mine"), "unix:uid"))
                .isEqualTo((int) FIRST);
    }

    @Test
    void aHostsDirectoryOfRootCannotBeWritten() throws IOException {
        Path plain = Files.createDirectory(under.directory.resolve("plain"));
        Path idmapped = Files.createDirectory(under.directory.resolve("idmapped"));
        Sandbox pod = under.run(mapped(false, PidMode.CONTAINER));
        Container container =
                under.start(
                        mounting(
                                under.containerSpec(pod, "sleep", "600"),
                                MountSpec.bind(plain.toString(), "/plain", false),
                                new MountSpec(
                                        idmapped.toString(),
                                        "/idmapped",
                                        false,
                                        false,
                                        MountSpec.Propagation.PRIVATE,
                                        List.of(),
                                        MAP,
                                        MAP,
                                        Optional.empty(),
                                        "",
                                        false)));
        assertThat(under.exec(container, "touch /plain/file").exitCode()).isNotZero();
        assertThat(plain.resolve("file")).doesNotExist();
        under.sh(container, "touch /idmapped/file");
        assertThat(Files.getAttribute(idmapped.resolve("file"), "unix:uid")).isEqualTo(0);
    }

    @Test
    void outputIsLoggedAndExecWorksForOthersThanRoot() throws IOException {
        Sandbox pod = under.run(mapped(false, PidMode.CONTAINER));
        Container container = under.start(pod, "sh", "-c", "echo hello; sleep 600");
        RuntimeUnderTest.await("the log", () -> holds(container, "stdout F hello"));
        assertThat(under.sh(container, "cat /proc/self/uid_map").split(" +", -1))
                .contains("" + FIRST);
    }

    @Test
    void aSharedPidNamespaceBelongsToItToo() throws IOException {
        Sandbox pod = under.run(mapped(false, PidMode.POD));
        Container one = under.start(pod, "sleep", "631");
        Container two = under.start(pod, "sleep", "632");
        assertThat(under.sh(one, "ps -o args")).contains("sleep 632");
        assertThat(namespace(one.pid().orElseThrow(), "pid"))
                .isEqualTo(namespace(two.pid().orElseThrow(), "pid"));
    }

    private boolean holds(Container container, String text) {
        try {
            return under.log(container).contains(text);
        } catch (IOException _) {
            return false;
        }
    }

    static ContainerSpec mounting(ContainerSpec base, MountSpec... mounts) {
        return new ContainerSpecDraft(base).mounts(List.of(mounts)).spec();
    }
}
