package io.carpel.agent.translate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.carpel.cri.ContainerConfig;
import io.carpel.cri.ContainerMetadata;
import io.carpel.cri.IDMapping;
import io.carpel.cri.ImageSpec;
import io.carpel.cri.KeyValue;
import io.carpel.cri.NamespaceMode;
import io.carpel.cri.NamespaceOption;
import io.carpel.cri.PodSandboxConfig;
import io.carpel.cri.Signal;
import io.carpel.cri.UserNamespace;
import io.carpel.runtime.container.Container;
import io.carpel.runtime.container.ContainerState;
import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.spec.ContainerSpec;
import io.carpel.runtime.spec.PidMode;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

final class ContainerTranslatorTest {
    private static final PodSandboxConfig.Builder LOGGED =
            Requests.sandbox().setLogDirectory("/var/log/pods/x");

    private static NamespaceOption.Builder options() {
        return NamespaceOption.newBuilder();
    }

    private static KeyValue.Builder env(String key, String value) {
        return KeyValue.newBuilder().setKey(key).setValue(ByteString.copyFromUtf8(value));
    }

    private static ContainerSpec translate(ContainerConfig.Builder config) {
        return Requests.spec(config, Requests.snapshot(LOGGED));
    }

    @Test
    void aSparseRequestIsEnough() {
        ContainerSpec spec = translate(Requests.container());
        assertThat(spec.pid()).isEqualTo(PidMode.POD);
        assertThat(spec.image()).isEqualTo("busybox");
        assertThat(spec.name()).isEqualTo("app/0");
        assertThat(spec.logPath()).isEmpty();
        assertThat(spec.stopSignal()).isEmpty();
    }

    @Test
    void environmentsAreBytes() {
        ByteString notText = ByteString.fromHex("ff01fe");
        ContainerSpec spec =
                translate(
                        Requests.container()
                                .addEnvs(KeyValue.newBuilder().setKey("A").setValue(notText)));
        assertThat(spec.process().env().getFirst().value().toArray())
                .isEqualTo(notText.toByteArray());
    }

    @Test
    void ofTheRequestEverythingIsKeptButTheValuesOfVariables() {
        ContainerConfig.Builder config =
                Requests.container()
                        .addEnvs(env("A", "x".repeat(100_000)))
                        .addEnvs(env("B", ""))
                        .putLabels("l", "1")
                        .putAnnotations("a", "2");
        ContainerSpec spec = translate(config);
        assertThat(spec.payload().size()).isLessThan(200);
        assertThat(Payload.of(Requests.snapshot(spec, new ContainerState.Created(7))))
                .isEqualTo(config.clearEnvs().addEnvs(env("A", "")).addEnvs(env("B", "")).build());
    }

    @Test
    void logsLieBelowThePodsDirectory() {
        assertThat(translate(Requests.container().setLogPath("app/0.log")).logPath())
                .contains(Path.of("/var/log/pods/x/app/0.log"));
        assertThat(
                        Requests.spec(
                                        Requests.container().setLogPath("app/0.log"),
                                        Requests.snapshot(Requests.sandbox()))
                                .logPath())
                .isEmpty();
    }

    @Test
    void theStopSignalIsANumber() {
        assertThat(
                        translate(Requests.container().setStopSignal(Signal.SIGNAL_SIGRTMINPLUS3))
                                .stopSignal())
                .contains(37);
    }

    @Test
    void stdinOnceWithoutStdinIsNothing() {
        assertThat(translate(Requests.container().setStdinOnce(true)).process().stdinOnce())
                .isFalse();
    }

    static Stream<Arguments> wrong() {
        ContainerConfig.Builder many = Requests.container();
        for (int i = 0; i <= Bounds.VARIABLES; i++) {
            many.addEnvs(env("A", ""));
        }
        return Stream.of(
                Arguments.of(ContainerConfig.newBuilder(), "config.metadata is missing"),
                Arguments.of(
                        Requests.container().setMetadata(ContainerMetadata.newBuilder()),
                        "config.metadata.name is empty"),
                Arguments.of(
                        Requests.container().setImage(ImageSpec.newBuilder()),
                        "image.image is empty"),
                Arguments.of(Requests.container().setWorkingDir("work"), "working_dir 'work'"),
                Arguments.of(
                        Requests.container().setLogPath("/etc/passwd"),
                        "log_path '/etc/passwd' is an absolute path"),
                Arguments.of(
                        Requests.container().setLogPath("a/../../b"),
                        "log_path 'a/../../b' contains '..'"),
                Arguments.of(Requests.container().setLogPath("a\nb"), "log_path 'a\\x0ab'"),
                Arguments.of(Requests.container().setStopSignalValue(1234), "stop_signal 1234"),
                Arguments.of(Requests.container().addCommand("a\0b"), "command[0] 'a\\x00b'"),
                Arguments.of(
                        Requests.container().addArgs("x").addArgs("y".repeat(131072)),
                        "args[1] has 131072 characters"),
                Arguments.of(Requests.container().addEnvs(env("", "x")), "envs.key is empty"),
                Arguments.of(Requests.container().addEnvs(env("A=B", "x")), "envs.key 'A=B'"),
                Arguments.of(
                        Requests.container().addEnvs(env("A", "secret\0")),
                        "envs.key 'A' has a value with a zero byte"),
                Arguments.of(
                        Requests.container().addEnvs(env("HOME", "/root\nroot::0")),
                        "envs.key 'HOME' has a value with a control character"),
                Arguments.of(
                        Requests.container().addEnvs(env("BIG", "x".repeat(131072))),
                        "envs.key 'BIG' and its value take 131077 bytes"),
                Arguments.of(many, "envs has 16385 items"));
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void anErrorNamesFieldAndValue(ContainerConfig.Builder config, String message) {
        assertThatThrownBy(() -> translate(config))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageStartingWith(message)
                .message()
                .doesNotContain("secret");
    }

    /// Sandbox's pid mode, what the container says (NONE: nothing), what it gets.
    @ParameterizedTest
    @CsvSource({
        "POD,NONE,POD",
        "POD,POD,POD",
        "POD,CONTAINER,CONTAINER",
        "CONTAINER,NONE,CONTAINER",
        "CONTAINER,CONTAINER,CONTAINER",
        "NODE,NONE,HOST",
        "NODE,POD,HOST",
        "NODE,NODE,HOST",
        "NODE,CONTAINER,CONTAINER"
    })
    void aContainerMayHaveLess(String sandbox, String container, PidMode pid) {
        assertThat(translate(sandbox, container).pid()).isEqualTo(pid);
    }

    @ParameterizedTest
    @CsvSource({"POD,NODE", "CONTAINER,NODE", "CONTAINER,POD"})
    void aContainerMayNotHaveMore(String sandbox, String container) {
        assertThatThrownBy(() -> translate(sandbox, container))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageStartingWith("linux.security_context.namespace_options.pid");
    }

    private static ContainerSpec translate(String sandbox, String container) {
        Sandbox pod =
                Requests.snapshot(
                        Requests.sandbox(options().setPid(NamespaceMode.valueOf(sandbox))));
        return Requests.spec(
                container.equals("NONE")
                        ? Requests.container()
                        : Requests.container(options().setPid(NamespaceMode.valueOf(container))),
                pod);
    }

    @Test
    void theHostsNamespacesAreNotToBeHadThroughAContainer() {
        assertThatThrownBy(() ->
                        translate(Requests.container(options().setNetwork(NamespaceMode.NODE))))
                .hasMessageContaining("network NODE");
        assertThatThrownBy(
                        () -> translate(Requests.container(options().setIpc(NamespaceMode.NODE))))
                .hasMessageContaining("ipc NODE");
    }

    private static UserNamespace.Builder users(int host) {
        IDMapping.Builder mapping = IDMapping.newBuilder().setHostId(host).setLength(65536);
        return UserNamespace.newBuilder().addUids(mapping).addGids(mapping);
    }

    @Test
    void userNamespacesMustAgree() {
        Sandbox mapped =
                Requests.snapshot(Requests.sandbox(options().setUsernsOptions(users(65536))));
        Requests.spec(Requests.container(options().setUsernsOptions(users(65536))), mapped);
        Requests.spec(Requests.container(), mapped);
        for (UserNamespace.Builder other :
                List.of(users(131072), UserNamespace.newBuilder().setMode(NamespaceMode.NODE))) {
            assertThatThrownBy(() ->
                            Requests.spec(
                                    Requests.container(options().setUsernsOptions(other)), mapped))
                    .isInstanceOf(InvalidArgumentException.class)
                    .hasMessageContaining("userns_options differ");
        }
        assertThatThrownBy(
                        () -> translate(Requests.container(options().setUsernsOptions(users(1)))))
                .hasMessageContaining("userns_options differ");
    }

    private static ContainerSpec target(Optional<Container> target) {
        return Requests.containers()
                .toSpec(
                        "d".repeat(64),
                        Requests.container(
                                        options().setPid(NamespaceMode.TARGET).setTargetId("ccc"))
                                .build(),
                        Requests.snapshot(LOGGED),
                        target);
    }

    @Test
    void anotherContainersProcessesCanBeSeen() {
        Container seen =
                Requests.running(
                        Requests.container(options().setPid(NamespaceMode.CONTAINER)), LOGGED);
        ContainerSpec spec = target(Optional.of(seen));
        assertThat(spec.pid()).isEqualTo(PidMode.TARGET);
        assertThat(spec.targetContainer()).contains(Requests.CONTAINER_ID);
    }

    @Test
    void onlyARunningNeighbourWithANamespaceOfItsOwnCanBeSeen() {
        assertThatThrownBy(() -> target(Optional.empty()))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("target_id 'ccc' is no container here");
        assertThatThrownBy(
                        () -> target(Optional.of(Requests.running(Requests.container(), LOGGED))))
                .hasMessageContaining("target_id 'ccc' has no pid namespace of its own");
        ContainerSpec own =
                translate(Requests.container(options().setPid(NamespaceMode.CONTAINER)));
        assertThatThrownBy(() ->
                        target(Optional.of(Requests.snapshot(own, new ContainerState.Created(7)))))
                .isInstanceOf(FailedPreconditionException.class);
        Sandbox elsewhere =
                Requests.snapshot(Requests.sandboxes().toSpec("6".repeat(64), LOGGED.build(), ""));
        ContainerSpec foreign =
                Requests.spec(
                        Requests.container(options().setPid(NamespaceMode.CONTAINER)), elsewhere);
        assertThatThrownBy(() ->
                        target(
                                Optional.of(
                                        Requests.snapshot(
                                                foreign,
                                                new ContainerState.Running(7, Requests.CREATED)))))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("another sandbox");
    }
}
