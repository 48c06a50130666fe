package io.carpel.agent.translate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.cri.DNSConfig;
import io.carpel.cri.IDMapping;
import io.carpel.cri.Int64Value;
import io.carpel.cri.LinuxPodSandboxConfig;
import io.carpel.cri.LinuxSandboxSecurityContext;
import io.carpel.cri.NamespaceMode;
import io.carpel.cri.NamespaceOption;
import io.carpel.cri.PodSandboxConfig;
import io.carpel.cri.PodSandboxMetadata;
import io.carpel.cri.PortMapping;
import io.carpel.cri.Protocol;
import io.carpel.cri.UserNamespace;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.UnsupportedException;
import io.carpel.runtime.spec.PidMode;
import io.carpel.runtime.spec.ProfileSpec;
import io.carpel.runtime.spec.SandboxSpec;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class SandboxTranslatorTest {
    private static SandboxSpec translate(PodSandboxConfig.Builder config) {
        return Requests.sandboxes().toSpec(Requests.SANDBOX_ID, config.build(), "");
    }

    private static IDMapping.Builder mapping(int host, int container, int length) {
        return IDMapping.newBuilder().setHostId(host).setContainerId(container).setLength(length);
    }

    private static UserNamespace.Builder mapped() {
        return UserNamespace.newBuilder()
                .addUids(mapping(65536, 0, 65536))
                .addGids(mapping(65536, 0, 65536));
    }

    private static NamespaceOption.Builder options() {
        return NamespaceOption.newBuilder();
    }

    private static LinuxPodSandboxConfig.Builder linux() {
        return LinuxPodSandboxConfig.newBuilder();
    }

    private static PortMapping.Builder port(int container, int host) {
        return PortMapping.newBuilder().setContainerPort(container).setHostPort(host);
    }

    @Test
    void aSparseRequestMeansPod() {
        SandboxSpec spec = translate(Requests.sandbox());
        assertThat(spec.namespaces().hostNetwork()).isFalse();
        assertThat(spec.namespaces().hostIpc()).isFalse();
        assertThat(spec.namespaces().pid()).isEqualTo(PidMode.POD);
        assertThat(spec.namespaces().user()).isEmpty();
        assertThat(spec.dns()).isEmpty();
        assertThat(spec.logDirectory()).isEmpty();
        assertThat(spec.cgroupParent()).isEmpty();
        assertThat(spec.privileged()).isFalse();
    }

    @Test
    void theHostsNetworkBringsItsNameAndNoPorts() {
        SandboxSpec spec =
                translate(
                        Requests.sandbox(options().setNetwork(NamespaceMode.NODE))
                                .setHostname("ignored")
                                .addPortMappings(port(80, 8080)));
        assertThat(spec.namespaces().hostNetwork()).isTrue();
        assertThat(spec.hostname()).isEmpty();
        assertThat(spec.ports()).isEmpty();
    }

    @Test
    void emptyDnsIsNotAbsentDns() {
        SandboxSpec spec =
                translate(Requests.sandbox().setDnsConfig(DNSConfig.getDefaultInstance()));
        assertThat(spec.dns()).hasValueSatisfying(dns -> assertThat(dns.servers()).isEmpty());
    }

    @Test
    void aPortWithoutHostPortIsOnlyDocumentation() {
        assertThat(
                        translate(
                                        Requests.sandbox()
                                                .addPortMappings(port(80, 0))
                                                .addPortMappings(port(53, 5353)))
                                .ports())
                .singleElement()
                .satisfies(mapping -> assertThat(mapping.hostPort()).isEqualTo(5353));
    }

    @Test
    void aUserNamespaceKeepsItsMaps() {
        SandboxSpec spec = translate(Requests.sandbox(options().setUsernsOptions(mapped())));
        assertThat(spec.namespaces().user())
                .hasValueSatisfying(user -> assertThat(user.hostRootUid()).isEqualTo(65536));
    }

    @Test
    void networkPluginsGetFourArgumentsAndNothingOfTheAnnotations() {
        SandboxSpec spec =
                translate(
                        Requests.sandbox()
                                .putAnnotations("K8S_POD_EVIL", "1")
                                .putLabels("org.systemd.property.X", "y"));
        assertThat(spec.networkArgs())
                .containsOnlyKeys(
                        "IgnoreUnknown",
                        "K8S_POD_NAMESPACE",
                        "K8S_POD_NAME",
                        "K8S_POD_UID",
                        "K8S_POD_INFRA_CONTAINER_ID");
    }

    static Stream<Arguments> wrong() {
        return Stream.of(
                Arguments.of(PodSandboxConfig.newBuilder(), "config.metadata is missing"),
                Arguments.of(
                        Requests.sandbox()
                                .setMetadata(
                                        PodSandboxMetadata.newBuilder()
                                                .setName("a")
                                                .setNamespace("b")),
                        "config.metadata.uid is empty"),
                Arguments.of(
                        Requests.sandbox()
                                .setMetadata(
                                        PodSandboxMetadata.newBuilder()
                                                .setName("a;X=1")
                                                .setNamespace("b")
                                                .setUid("c")),
                        "config.metadata.name 'a;X=1'"),
                Arguments.of(
                        Requests.sandbox()
                                .setMetadata(
                                        PodSandboxMetadata.newBuilder()
                                                .setName("a\nb")
                                                .setNamespace("b")
                                                .setUid("c")),
                        "config.metadata.name 'a\\x0ab'"),
                Arguments.of(Requests.sandbox().setHostname("a\nb"), "hostname 'a\\x0ab'"),
                Arguments.of(Requests.sandbox().setHostname("x".repeat(65)), "hostname 'xxx"),
                Arguments.of(Requests.sandbox().setLogDirectory("logs"), "log_directory 'logs'"),
                Arguments.of(
                        Requests.sandbox().setLogDirectory("/var/log/../../etc"),
                        "log_directory '/var/log/../../etc' contains '..'"),
                Arguments.of(
                        Requests.sandbox()
                                .setDnsConfig(DNSConfig.newBuilder().addServers("1.1.1.1\nx")),
                        "dns_config.servers '1.1.1.1\\x0ax'"),
                Arguments.of(
                        Requests.sandbox().setDnsConfig(DNSConfig.newBuilder().addSearches("a b")),
                        "dns searches: 'a b'"),
                Arguments.of(
                        Requests.sandbox().addPortMappings(port(0, 80)),
                        "port_mappings.container_port '0'"),
                Arguments.of(
                        Requests.sandbox().addPortMappings(port(80, 65536)),
                        "port_mappings.host_port '65536'"),
                Arguments.of(
                        Requests.sandbox().addPortMappings(port(80, 80).setHostIp("x; y")),
                        "port_mappings.host_ip 'x; y'"),
                Arguments.of(
                        Requests.sandbox().addPortMappings(port(80, 80).setProtocolValue(7)),
                        "port_mappings.protocol '7'"),
                Arguments.of(
                        Requests.sandbox().setLinux(linux().setCgroupParent("/a/../..")),
                        "linux.cgroup_parent '/a/../..'"),
                Arguments.of(
                        Requests.sandbox(
                                LinuxSandboxSecurityContext.newBuilder()
                                        .setRunAsGroup(Int64Value.newBuilder().setValue(5))),
                        "linux.security_context.run_as_group '5'"));
    }

    static Stream<Arguments> wrongNamespaces() {
        String field = "linux.security_context.namespace_options.";
        return Stream.of(
                Arguments.of(options().setNetwork(NamespaceMode.CONTAINER), field + "network"),
                Arguments.of(options().setNetwork(NamespaceMode.TARGET), field + "network"),
                Arguments.of(options().setIpc(NamespaceMode.CONTAINER), field + "ipc"),
                Arguments.of(options().setPid(NamespaceMode.TARGET), field + "pid"),
                Arguments.of(
                        options().setUsernsOptions(mapped().setMode(NamespaceMode.CONTAINER)),
                        field + "userns_options.mode"),
                Arguments.of(
                        options().setUsernsOptions(mapped().setMode(NamespaceMode.TARGET)),
                        field + "userns_options.mode"),
                Arguments.of(
                        options().setUsernsOptions(mapped().setMode(NamespaceMode.NODE)),
                        field + "userns_options.mode NODE has no mappings"),
                Arguments.of(
                        options().setUsernsOptions(UserNamespace.getDefaultInstance()),
                        field + "userns_options.uids has 0 mappings"),
                Arguments.of(
                        options().setUsernsOptions(mapped().addUids(mapping(1, 70000, 1))),
                        field + "userns_options.uids has 2 mappings"),
                Arguments.of(
                        options().setUsernsOptions(mapped().setUids(0, mapping(1000, 1, 10))),
                        field + "userns_options.uids.container_id '1'"),
                Arguments.of(
                        options().setUsernsOptions(mapped().setGids(0, mapping(1000, 0, 0))),
                        field + "userns_options.gids: id mapping 0:1000:0"),
                Arguments.of(
                        options().setPid(NamespaceMode.NODE).setUsernsOptions(mapped()),
                        "the host's pid namespace cannot be combined with a user namespace"));
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void anErrorNamesFieldAndValue(PodSandboxConfig.Builder config, String message) {
        assertThatThrownBy(() -> translate(config))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageStartingWith(message);
    }

    @ParameterizedTest
    @MethodSource("wrongNamespaces")
    void impossibleNamespacesAreRefused(NamespaceOption.Builder options, String message) {
        assertThatThrownBy(() -> translate(Requests.sandbox(options)))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageStartingWith(message);
    }

    @Test
    void whatTheHostCannotDoIsUnsupported() {
        SandboxTranslator translator =
                new SandboxTranslator(Requests.UNABLE, Handlers.plain(ProfileSpec.unconfined()));
        PodSandboxConfig config = Requests.sandbox(options().setUsernsOptions(mapped())).build();
        assertThatThrownBy(() -> translator.toSpec(Requests.SANDBOX_ID, config, ""))
                .isInstanceOf(UnsupportedException.class);
    }

    @Test
    void anUnknownHandlerIsRefused() {
        PodSandboxConfig config = Requests.sandbox().build();
        assertThat(Requests.sandboxes().toSpec(Requests.SANDBOX_ID, config, "carpel").handler())
                .isEqualTo("carpel");
        assertThatThrownBy(() -> Requests.sandboxes().toSpec(Requests.SANDBOX_ID, config, "kata"))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageStartingWith("runtime_handler 'kata'");
    }

    @Test
    void tooManyOfAnythingIsRefused() {
        PodSandboxConfig.Builder config = Requests.sandbox();
        for (int i = 0; i <= Bounds.PORTS; i++) {
            config.addPortMappings(port(80, 80).setProtocol(Protocol.UDP));
        }
        assertThatThrownBy(() -> translate(config))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessage("port_mappings has 16385 items, at most 16384 are accepted");
    }
}
