package io.carpel.agent.translate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.cri.CDIDevice;
import io.carpel.cri.Capability;
import io.carpel.cri.ContainerConfig;
import io.carpel.cri.DNSConfig;
import io.carpel.cri.Device;
import io.carpel.cri.HugepageLimit;
import io.carpel.cri.IDMapping;
import io.carpel.cri.KeyValue;
import io.carpel.cri.LinuxContainerConfig;
import io.carpel.cri.LinuxContainerResources;
import io.carpel.cri.LinuxContainerSecurityContext;
import io.carpel.cri.LinuxPodSandboxConfig;
import io.carpel.cri.Mount;
import io.carpel.cri.NamespaceOption;
import io.carpel.cri.PodSandboxConfig;
import io.carpel.cri.PortMapping;
import io.carpel.cri.UserNamespace;
import io.carpel.runtime.error.InvalidArgumentException;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/// A million of anything that a request can repeat is refused, by the field's name, before it costs
/// a system call: every repeated field and map of the two requests that make something.
final class SecurityProperty10CountsTest {
    private static final int MANY = 1_000_000;

    private static <T> List<T> many(T item) {
        return Collections.nCopies(MANY, item);
    }

    private static Map<String, String> manyKeys(String prefix, String value) {
        Map<String, String> map = HashMap.newHashMap(MANY);
        for (int i = 0; i < MANY; i++) {
            map.put(prefix + i, value);
        }
        return map;
    }

    private static ContainerConfig.Builder secure(LinuxContainerSecurityContext.Builder context) {
        return Requests.container(context);
    }

    private static ContainerConfig.Builder limited(LinuxContainerResources.Builder resources) {
        return Requests.container()
                .setLinux(LinuxContainerConfig.newBuilder().setResources(resources));
    }

    private static Map<String, ContainerConfig.Builder> containers() {
        Map<String, ContainerConfig.Builder> all = new TreeMap<>();
        all.put("command", Requests.container().addAllCommand(many("x")));
        all.put("args", Requests.container().addAllArgs(many("x")));
        all.put("envs", Requests.container().addAllEnvs(many(KeyValue.getDefaultInstance())));
        Mount mount = Mount.newBuilder().setHostPath("/a").setContainerPath("/a").build();
        all.put("mounts", Requests.container().addAllMounts(many(mount)));
        all.put("devices", Requests.container().addAllDevices(many(Device.getDefaultInstance())));
        all.put(
                "CDI_devices",
                Requests.container().addAllCDIDevices(many(CDIDevice.getDefaultInstance())));
        all.put("labels", Requests.container().putAllLabels(manyKeys("k", "")));
        all.put("annotations", Requests.container().putAllAnnotations(manyKeys("k", "")));
        IDMapping mapping = IDMapping.newBuilder().setLength(1).build();
        all.put(
                "uidMappings",
                Requests.container().addMounts(mount.toBuilder().addAllUidMappings(many(mapping))));
        all.put(
                "gidMappings",
                Requests.container().addMounts(mount.toBuilder().addAllGidMappings(many(mapping))));
        all.put(
                "mount_options",
                Requests.container()
                        .addMounts(mount.toBuilder().addAllMountOptions(many("nodev"))));
        all.put(
                "hugepage_limits",
                limited(
                        LinuxContainerResources.newBuilder()
                                .addAllHugepageLimits(many(HugepageLimit.getDefaultInstance()))));
        all.put(
                "unified",
                limited(
                        LinuxContainerResources.newBuilder()
                                .putAllUnified(manyKeys("memory.x", "1"))));
        all.putAll(securityContexts());
        return all;
    }

    private static Map<String, ContainerConfig.Builder> securityContexts() {
        Map<String, ContainerConfig.Builder> all = new TreeMap<>();
        LinuxContainerSecurityContext empty = LinuxContainerSecurityContext.getDefaultInstance();
        Capability none = Capability.getDefaultInstance();
        all.put(
                "supplemental_groups",
                secure(empty.toBuilder().addAllSupplementalGroups(many(5L))));
        all.put("masked_paths", secure(empty.toBuilder().addAllMaskedPaths(many("/x"))));
        all.put("readonly_paths", secure(empty.toBuilder().addAllReadonlyPaths(many("/x"))));
        all.put(
                "add_capabilities",
                secure(
                        empty.toBuilder()
                                .setCapabilities(
                                        none.toBuilder().addAllAddCapabilities(many("KILL")))));
        all.put(
                "drop_capabilities",
                secure(
                        empty.toBuilder()
                                .setCapabilities(
                                        none.toBuilder().addAllDropCapabilities(many("KILL")))));
        all.put(
                "add_ambient_capabilities",
                secure(
                        empty.toBuilder()
                                .setCapabilities(
                                        none.toBuilder()
                                                .addAllAddAmbientCapabilities(many("KILL")))));
        return all;
    }

    private static Map<String, PodSandboxConfig.Builder> sandboxes() {
        Map<String, PodSandboxConfig.Builder> all = new TreeMap<>();
        all.put("labels", Requests.sandbox().putAllLabels(manyKeys("k", "")));
        all.put("annotations", Requests.sandbox().putAllAnnotations(manyKeys("k", "")));
        all.put(
                "port_mappings",
                Requests.sandbox().addAllPortMappings(many(PortMapping.getDefaultInstance())));
        DNSConfig dns = DNSConfig.getDefaultInstance();
        all.put(
                "dns_config.servers",
                Requests.sandbox().setDnsConfig(dns.toBuilder().addAllServers(many("1.1.1.1"))));
        all.put(
                "dns_config.searches",
                Requests.sandbox().setDnsConfig(dns.toBuilder().addAllSearches(many("a.b"))));
        all.put(
                "dns_config.options",
                Requests.sandbox().setDnsConfig(dns.toBuilder().addAllOptions(many("a:1"))));
        all.put(
                "sysctls",
                Requests.sandbox()
                        .setLinux(
                                LinuxPodSandboxConfig.newBuilder()
                                        .putAllSysctls(manyKeys("net.x", "1"))));
        IDMapping mapping = IDMapping.newBuilder().setLength(1).build();
        for (String field : List.of("uids", "gids")) {
            UserNamespace.Builder user =
                    UserNamespace.newBuilder().addUids(mapping).addGids(mapping);
            all.put(
                    field,
                    Requests.sandbox(
                            NamespaceOption.newBuilder()
                                    .setUsernsOptions(
                                            field.equals("uids")
                                                    ? user.addAllUids(many(mapping))
                                                    : user.addAllGids(many(mapping)))));
        }
        return all;
    }

    @Test
    void aMillionOfAnythingInAContainerIsRefused() {
        var pod = Requests.snapshot(Requests.sandbox());
        containers()
                .forEach((field, config) ->
                        assertThatThrownBy(() -> Requests.spec(config, pod))
                                .as(field)
                                .isInstanceOf(InvalidArgumentException.class)
                                .hasMessageContaining(field)
                                .hasMessageMatching("(?s).*100000[01]? (items|mappings).*"));
    }

    @Test
    void aMillionOfAnythingInASandboxIsRefused() {
        sandboxes()
                .forEach((field, config) ->
                        assertThatThrownBy(() ->
                                        Requests.sandboxes()
                                                .toSpec(Requests.SANDBOX_ID, config.build(), ""))
                                .as(field)
                                .isInstanceOf(InvalidArgumentException.class)
                                .hasMessageContaining(field)
                                .hasMessageMatching("(?s).*100000[01]? (items|mappings).*"));
    }

    @Test
    void aLargeValueIsRefusedToo() {
        var pod = Requests.snapshot(Requests.sandbox());
        String large = "x".repeat(MANY);
        for (ContainerConfig.Builder config :
                List.of(
                        Requests.container().addCommand(large),
                        Requests.container().addArgs(large),
                        Requests.container()
                                .addMounts(
                                        Mount.newBuilder()
                                                .setHostPath("/" + large)
                                                .setContainerPath("/a")),
                        Requests.container().setWorkingDir("/" + large),
                        Requests.container().addCDIDevices(CDIDevice.newBuilder().setName(large)),
                        Requests.container()
                                .setImage(
                                        Requests.container().getImage().toBuilder()
                                                .setImage(large)))) {
            assertThatThrownBy(() -> Requests.spec(config, pod))
                    .isInstanceOf(InvalidArgumentException.class)
                    .satisfies(
                            e -> assertThat(String.valueOf(e.getMessage())).hasSizeLessThan(1_000));
        }
    }
}
