package io.carpel.agent.cli.manifest;

import io.carpel.cri.DNSConfig;
import io.carpel.cri.LinuxPodSandboxConfig;
import io.carpel.cri.LinuxSandboxSecurityContext;
import io.carpel.cri.PodSandboxConfig;
import io.carpel.cri.PodSandboxMetadata;
import io.carpel.cri.PortMapping;
import io.carpel.cri.Protocol;
import io.carpel.cri.RunPodSandboxRequest;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.PodDNSConfig;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The pod's part of a manifest.
public final class SandboxMapper {
    static final String NAME_LABEL = "io.kubernetes.pod.name";
    static final String NAMESPACE_LABEL = "io.kubernetes.pod.namespace";
    static final String UID_LABEL = "io.kubernetes.pod.uid";

    /// resolv.conf(5) takes no more name servers.
    private static final int MAX_SERVERS = 3;

    private static final int MAX_HOSTNAME = 63;

    private final PodManifest manifest;
    private final NodeFacts node;
    private final SecurityMapper security;

    public SandboxMapper(PodManifest manifest, NodeFacts node) {
        this.manifest = manifest;
        this.node = node;
        this.security = new SecurityMapper(manifest, node);
    }

    /// The request that starts the pod.
    public RunPodSandboxRequest map(String uid) {
        return RunPodSandboxRequest.newBuilder()
                .setRuntimeHandler(
                        Optional.ofNullable(manifest.spec().getRuntimeClassName()).orElse(""))
                .setConfig(config(uid))
                .build();
    }

    private PodSandboxConfig config(String uid) {
        Map<String, String> labels =
                new LinkedHashMap<>(
                        Optional.ofNullable(manifest.pod().getMetadata().getLabels())
                                .orElseGet(Map::of));
        labels.putAll(identity(manifest, uid));
        PodSandboxConfig.Builder out =
                PodSandboxConfig.newBuilder()
                        .setMetadata(
                                PodSandboxMetadata.newBuilder()
                                        .setName(manifest.name())
                                        .setNamespace(manifest.namespace())
                                        .setUid(uid))
                        .setHostname(hostname())
                        .setLogDirectory(node.logDirectory().toString())
                        .putAllLabels(labels)
                        .putAllAnnotations(
                                Optional.ofNullable(manifest.pod().getMetadata().getAnnotations())
                                        .orElseGet(Map::of))
                        .setLinux(linux());
        dns().ifPresent(out::setDnsConfig);
        manifest.containers().forEach(container -> ports(container, out));
        return out.build();
    }

    static Map<String, String> identity(PodManifest manifest, String uid) {
        Map<String, String> labels = new LinkedHashMap<>();
        labels.put(NAME_LABEL, manifest.name());
        labels.put(NAMESPACE_LABEL, manifest.namespace());
        labels.put(UID_LABEL, uid);
        return labels;
    }

    /// The host's own name with its network, as Kubernetes has it.
    private String hostname() {
        if (manifest.hostNetwork()) {
            return "";
        }
        String name = Optional.ofNullable(manifest.spec().getHostname()).orElse(manifest.name());
        return name.length() <= MAX_HOSTNAME
                ? name
                : name.substring(0, MAX_HOSTNAME).replaceAll("[-.]+$", "");
    }

    private LinuxPodSandboxConfig linux() {
        PodSecurityContext pod = manifest.security();
        LinuxSandboxSecurityContext.Builder context =
                LinuxSandboxSecurityContext.newBuilder()
                        .setNamespaceOptions(security.namespaces())
                        .addAllSupplementalGroups(security.groups())
                        .setSupplementalGroupsPolicy(security.groupsPolicy())
                        .setPrivileged(
                                manifest.containers().stream()
                                        .map(PodManifest::security)
                                        .anyMatch(own -> PodManifest.isTrue(own.getPrivileged())));
        Optional.ofNullable(pod.getRunAsUser())
                .ifPresent(id -> context.setRunAsUser(SecurityMapper.wrap(id)));
        if (pod.getRunAsUser() != null) {
            Optional.ofNullable(pod.getRunAsGroup())
                    .ifPresent(id -> context.setRunAsGroup(SecurityMapper.wrap(id)));
        }
        Optional.ofNullable(pod.getSeLinuxOptions())
                .ifPresent(options -> context.setSelinuxOptions(SecurityMapper.selinux(options)));
        LinuxPodSandboxConfig.Builder out =
                LinuxPodSandboxConfig.newBuilder().setSecurityContext(context);
        pod.getSysctls().forEach(sysctl -> out.putSysctls(sysctl.getName(), sysctl.getValue()));
        return out.build();
    }

    /// Empty when the runtime's copy of the node's file is just what is wanted.
    private Optional<DNSConfig> dns() {
        PodDNSConfig own = manifest.spec().getDnsConfig();
        boolean none = "None".equals(manifest.spec().getDnsPolicy());
        if (own == null) {
            if (none) {
                throw new ManifestException(
                        "spec.dnsPolicy: None needs spec.dnsConfig.nameservers");
            }
            return Optional.empty();
        }
        DNSConfig base = none ? DNSConfig.getDefaultInstance() : node.dns();
        Set<String> servers = new LinkedHashSet<>(base.getServersList());
        servers.addAll(own.getNameservers());
        Set<String> searches = new LinkedHashSet<>(base.getSearchesList());
        searches.addAll(own.getSearches());
        Map<String, String> options = new LinkedHashMap<>();
        base.getOptionsList().forEach(option -> options.put(option.replaceAll(":.*", ""), option));
        own.getOptions()
                .forEach(option ->
                        options.put(
                                option.getName(),
                                option.getName()
                                        + Optional.ofNullable(option.getValue())
                                                .map(value -> ":" + value)
                                                .orElse("")));
        if (servers.isEmpty() || servers.size() > MAX_SERVERS) {
            throw new ManifestException(
                    "spec.dnsConfig.nameservers: %d name servers, wanted 1 to %d"
                            .formatted(servers.size(), MAX_SERVERS));
        }
        return Optional.of(
                DNSConfig.newBuilder()
                        .addAllServers(servers)
                        .addAllSearches(searches)
                        .addAllOptions(options.values())
                        .build());
    }

    private void ports(Container container, PodSandboxConfig.Builder out) {
        List<ContainerPort> ports = container.getPorts();
        for (int index = 0; index < ports.size(); index++) {
            ContainerPort port = ports.get(index);
            String path = "container %s: ports[%d]".formatted(container.getName(), index);
            int inside = number(path + ".containerPort", port.getContainerPort(), 1);
            int outside = number(path + ".hostPort", port.getHostPort(), 0);
            if (manifest.hostNetwork()) {
                if (outside != 0 && outside != inside) {
                    throw new ManifestException(
                            path + ".hostPort: must equal containerPort with hostNetwork");
                }
                continue;
            }
            out.addPortMappings(
                    PortMapping.newBuilder()
                            .setProtocol(protocol(path, port))
                            .setContainerPort(inside)
                            .setHostPort(outside)
                            .setHostIp(Optional.ofNullable(port.getHostIP()).orElse("")));
        }
    }

    private static int number(
            String path, @org.jspecify.annotations.Nullable Integer port, int low) {
        int value = port == null ? 0 : port;
        if (value < low || value > 65535) {
            throw new ManifestException(
                    "%s: %d is not from %d to 65535".formatted(path, value, low));
        }
        return value;
    }

    private static Protocol protocol(String path, ContainerPort port) {
        String name = Optional.ofNullable(port.getProtocol()).orElse("TCP");
        return switch (name) {
            case "TCP" -> Protocol.TCP;
            case "UDP" -> Protocol.UDP;
            case "SCTP" -> Protocol.SCTP;
            default ->
                    throw new ManifestException(
                            "%s.protocol: '%s' is not one of TCP, UDP, SCTP".formatted(path, name));
        };
    }
}
