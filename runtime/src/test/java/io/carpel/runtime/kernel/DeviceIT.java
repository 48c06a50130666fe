package io.carpel.runtime.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.container.Container;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.sandbox.ContainerSpecDraft;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.sandbox.SandboxSpecDraft;
import io.carpel.runtime.spec.DeviceSpec;
import io.carpel.runtime.spec.IdMapping;
import io.carpel.runtime.spec.NamespaceSpec;
import io.carpel.runtime.spec.PidMode;
import io.carpel.runtime.spec.SandboxSpec;
import io.carpel.runtime.spec.UserNamespaceSpec;
import io.carpel.runtime.spec.UserSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Devices of the host inside containers: by path, by directory, by name, all of them. Needs root
/// and mknod(2).
@Timeout(60)
final class DeviceIT {
    @RegisterExtension static final RuntimeExtension HOST = new RuntimeExtension("itdev");

    private final RuntimeUnderTest under = HOST.under();
    private Path nodes = Path.of("");

    /// Nodes of our own, on a file system that allows them: 1:5 is /dev/zero, 7:200 is no device.
    @BeforeEach
    void makeNodes() throws Exception {
        nodes = Files.createTempDirectory(under.directory, "dev-");
        Files.createDirectory(nodes.resolve("below"));
        NamespaceIT.host("mknod", nodes.resolve("zero").toString(), "c", "1", "5");
        NamespaceIT.host("mknod", nodes.resolve("below/block").toString(), "b", "7", "200");
        Files.writeString(nodes.resolve("file"), "no device");
    }

    private static NamespaceSpec plain() {
        return new NamespaceSpec(true, false, PidMode.CONTAINER, Optional.empty());
    }

    private ContainerSpecDraft sleeping(NamespaceSpec namespaces) {
        return new ContainerSpecDraft(under.containerSpec(under.run(namespaces), "sleep", "600"));
    }

    private Container start(NamespaceSpec namespaces, DeviceSpec... devices) {
        return under.start(sleeping(namespaces).devices(List.of(devices)).spec());
    }

    @Test
    void aDeviceMayBeUsedAsFarAsItsPermissionsGo() {
        Container container =
                start(plain(), new DeviceSpec(nodes.resolve("zero").toString(), "/dev/mine", "r"));
        assertThat(under.sh(container, "stat -c %t:%T /dev/mine; head -c 3 /dev/mine | wc -c"))
                .isEqualTo("1:5\n3");
        // The numbers are those of a device that everybody may write: it is another rule that
        // allows that. Of the block device there is no rule at all.
        assertThat(under.exec(container, "mknod /dev/b b 7 200 && cat /dev/b").exitCode())
                .isNotZero();
    }

    @Test
    void aDirectoryBringsTheDevicesBelowItAndNoFiles() {
        Container container = start(plain(), new DeviceSpec(nodes.toString(), "/dev/all", "rwm"));
        assertThat(under.sh(container, "cd /dev/all; stat -c '%n %F' zero below/block"))
                .isEqualTo("zero character special file\nbelow/block block special file");
        assertThat(under.exec(container, "test -e /dev/all/file").exitCode()).isNotZero();
    }

    @Test
    void aUserNamespaceHasTheHostsNodes() {
        var map = List.of(new IdMapping(0, 11 * 65536L, 65536));
        NamespaceSpec mapped =
                new NamespaceSpec(
                        false,
                        false,
                        PidMode.CONTAINER,
                        Optional.of(new UserNamespaceSpec(map, map)));
        Container container = start(mapped, new DeviceSpec("/dev/full", "/dev/deep/full", "rw"));
        assertThat(under.sh(container, "stat -c %t:%T /dev/deep/full")).isEqualTo("1:7");
        assertThat(under.exec(container, "echo x >/dev/deep/full").exitCode()).isNotZero();
    }

    @Test
    void aPrivilegedContainerHasTheHostsDevices() throws IOException {
        SandboxSpec spec = new SandboxSpecDraft(under.sandboxSpec(plain())).privileged().spec();
        Sandbox pod = under.runtime.sandboxes().run(spec);
        Container container =
                under.start(
                        new ContainerSpecDraft(under.containerSpec(pod, "sleep", "600"))
                                .privileged(true)
                                .spec());
        for (String name : List.of("kmsg", "loop-control", "tty0", "mem", "fuse")) {
            if (Files.exists(Path.of("/dev", name))) {
                assertThat(under.exec(container, "test -c /dev/" + name).exitCode())
                        .as(name)
                        .isZero();
            }
        }
        assertThat(under.sh(container, "grep CapEff /proc/self/status"))
                .isEqualTo(
                        "CapEff:\t"
                                + RuntimeUnderTest.statusField(
                                        ProcessHandle.current().pid(), "CapBnd"));
        assertThat(
                        under.exec(container, "touch /sys/x; echo 1 >/proc/sys/kernel/hostname")
                                .stderr()
                                .toArray())
                .asString()
                .doesNotContain("Read-only file system");
    }

    @Test
    void whatIsMissingOrNoDeviceIsNamedAndLeavesNothing() {
        assertThatThrownBy(() ->
                        start(plain(), new DeviceSpec("/dev/no-such-device", "/dev/x", "rwm")))
                .isInstanceOf(NotFoundException.class)
                .hasMessageContaining("/dev/no-such-device");
        assertThatThrownBy(() ->
                        start(
                                plain(),
                                new DeviceSpec(nodes.resolve("file").toString(), "/dev/x", "rwm")))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("neither a device");
        assertThat(under.runtime.containers().list()).isEmpty();
    }

    private void describe(String name, String text) throws IOException {
        Path directory = under.config.containers().cdiDirectories().getLast();
        Files.createDirectories(directory);
        Files.writeString(directory.resolve(name), text);
    }

    private Container startNamed(UserSpec user, String... names) {
        return under.start(sleeping(plain()).cdiDevices(List.of(names)).user(user).spec());
    }

    @Test
    void aNamedDeviceBringsAllThatItNeeds() throws IOException {
        Path library = Files.writeString(nodes.resolve("lib.so"), "library");
        describe(
                "widget.yaml",
                """
                cdiVersion: 0.7.0
                kind: example.test/widget
                containerEdits:
                  mounts:
                    - {hostPath: %s, containerPath: /opt/widget/lib.so, options: [ro]}
                devices:
                  - name: w0
                    containerEdits:
                      env: [WIDGET=w0, FROM_IMAGE=no]
                      additionalGids: [4242]
                      deviceNodes:
                        - {path: /dev/widget0, hostPath: %s, permissions: rw, fileMode: 384}
                        - {path: /dev/widget1, hostPath: %s, uid: 7, gid: 8}
                """
                        .formatted(library, nodes.resolve("zero"), nodes.resolve("zero")));
        UserSpec alice =
                new UserSpec(
                        Optional.of(1000L), Optional.empty(), Optional.empty(), List.of(), true);
        Container container = startNamed(alice, "example.test/widget=w0");
        assertThat(under.sh(container, "stat -c %u:%g:%a:%t:%T /dev/widget0 /dev/widget1"))
                .startsWith("1000:1000:600:1:5\n7:8:");
        assertThat(under.sh(container, "head -c 3 /dev/widget0 | wc -c")).isEqualTo("3");
        assertThat(under.sh(container, "echo $WIDGET $FROM_IMAGE; cat /opt/widget/lib.so"))
                .isEqualTo("w0 no\nlibrary");
        assertThat(under.exec(container, "echo x >/opt/widget/lib.so").exitCode()).isNotZero();
        assertThat(under.sh(container, "id -G").split(" ", -1)).contains("4242");
        assertThat(container.user().groups()).contains(4242L);
    }

    @Test
    void aNamedDeviceThatIsAnotherOnTheHostIsRefused() throws IOException {
        describe(
                "wrong.json",
                """
                {"cdiVersion": "0.6.0", "kind": "example.test/wrong", "devices": [
                  {"name": "a", "containerEdits": {"deviceNodes": [
                    {"path": "/dev/a", "hostPath": "/dev/null", "type": "b", "major": 8, "minor": 0}
                  ]}}]}
                """);
        assertThatThrownBy(() -> startNamed(UserSpec.imageDefault(), "example.test/wrong=a"))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("/dev/null is c 1:3, and not the b 8:0");
        assertThatThrownBy(() -> startNamed(UserSpec.imageDefault(), "example.test/wrong=b"))
                .isInstanceOf(ContainerRuntimeException.class)
                .hasMessageContaining("example.test/wrong=b");
        assertThat(under.runtime.containers().list()).isEmpty();
    }
}
