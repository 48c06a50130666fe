package io.carpel.agent.translate;

import io.carpel.cri.DNSConfig;
import io.carpel.cri.LinuxSandboxSecurityContext;
import io.carpel.cri.PodSandboxConfig;
import io.carpel.cri.PodSandboxMetadata;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.Bytes;
import io.carpel.runtime.spec.DnsSpec;
import io.carpel.runtime.spec.NamespaceSpec;
import io.carpel.runtime.spec.PortMapping;
import io.carpel.runtime.spec.SandboxSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/// A pod sandbox as CRI asks for it → [SandboxSpec].
public final class SandboxTranslator {
    private static final Pattern HOSTNAME = Pattern.compile("[A-Za-z0-9]([A-Za-z0-9._-]*)");
    // HOST_NAME_MAX of the kernel.
    private static final int HOSTNAME_LIMIT = 64;
    private static final Pattern ADDRESS = Pattern.compile("[0-9A-Fa-f:.]+(%[A-Za-z0-9._-]+)?");

    private final HostAbilities host;
    private final Handlers handlers;

    public SandboxTranslator(HostAbilities host, Handlers handlers) {
        this.host = host;
        this.handlers = handlers;
    }

    /// @param handlerName of the runtime handler that is asked for; empty is the default
    public SandboxSpec toSpec(String id, PodSandboxConfig config, String handlerName) {
        PodSandboxMetadata metadata = metadata(config);
        Handler handler = handlers.asked("runtime_handler", handlerName);
        Check.count("labels", config.getLabelsCount(), Bounds.LABELS);
        Check.count("annotations", config.getAnnotationsCount(), Bounds.LABELS);
        LinuxSandboxSecurityContext security = config.getLinux().getSecurityContext();
        checkSecurity(security);
        boolean remaps = NamespaceTranslator.remaps(security.getNamespaceOptions(), handler, host);
        NamespaceSpec namespaces =
                NamespaceTranslator.ofSandbox(security.getNamespaceOptions(), host, remaps);
        return new SandboxSpec(
                id,
                name(metadata),
                namespaces.hostNetwork() ? "" : hostname(config.getHostname()),
                namespaces,
                config.hasDnsConfig() ? Optional.of(dns(config.getDnsConfig())) : Optional.empty(),
                namespaces.hostNetwork() ? List.of() : ports(config),
                namespaces.hostNetwork()
                        ? Optional.empty()
                        : BandwidthTranslator.of(config.getAnnotationsMap()),
                cgroupParent(config.getLinux().getCgroupParent(), handler),
                SysctlRules.check(config.getLinux().getSysctlsMap(), namespaces),
                logDirectory(config.getLogDirectory()),
                security.getPrivileged(),
                handler.name(),
                handler.shmSize(),
                remaps ? handler.remap() : Optional.empty(),
                security.hasSelinuxOptions()
                        ? Optional.of(SecurityTranslator.selinux(security.getSelinuxOptions()))
                        : Optional.empty(),
                networkArgs(id, metadata),
                Bytes.copyOf(config.toByteArray()));
    }

    /// What a sandbox of this metadata is called, see [SandboxSpec#name].
    public static String name(PodSandboxMetadata metadata) {
        return "%s/%s/%s/%d"
                .formatted(
                        metadata.getNamespace(),
                        metadata.getName(),
                        metadata.getUid(),
                        metadata.getAttempt());
    }

    /// The metadata, complete: the kubelet takes a status without any part of it for broken.
    public static PodSandboxMetadata metadata(PodSandboxConfig config) {
        if (!config.hasMetadata()) {
            throw new InvalidArgumentException("config.metadata is missing");
        }
        PodSandboxMetadata metadata = config.getMetadata();
        part("config.metadata.name", metadata.getName());
        part("config.metadata.namespace", metadata.getNamespace());
        part("config.metadata.uid", metadata.getUid());
        return metadata;
    }

    // Name, namespace and uid travel to network plugins in one string of KEY=value;KEY=value.
    private static void part(String field, String value) {
        Check.name(field, value);
        if (value.indexOf(';') >= 0 || value.indexOf('=') >= 0) {
            throw Check.invalid(field, value, "holds ';' or '='");
        }
    }

    private static void checkSecurity(LinuxSandboxSecurityContext security) {
        if (security.hasRunAsGroup() && !security.hasRunAsUser()) {
            throw Check.invalid(
                    "linux.security_context.run_as_group",
                    security.getRunAsGroup().getValue(),
                    "is given without run_as_user");
        }
    }

    private static String hostname(String hostname) {
        if (!hostname.isEmpty()
                && (hostname.length() > HOSTNAME_LIMIT || !HOSTNAME.matcher(hostname).matches())) {
            throw Check.invalid(
                    "hostname", hostname, "is not 1 to 64 letters, digits, '.', '_' and '-'");
        }
        return hostname;
    }

    private static DnsSpec dns(DNSConfig config) {
        Check.count("dns_config.servers", config.getServersCount(), Bounds.DNS_WORDS);
        Check.count("dns_config.searches", config.getSearchesCount(), Bounds.DNS_WORDS);
        Check.count("dns_config.options", config.getOptionsCount(), Bounds.DNS_WORDS);
        for (String server : config.getServersList()) {
            if (!ADDRESS.matcher(server).matches()) {
                throw Check.invalid("dns_config.servers", server, "is not an IP address");
            }
        }
        config.getSearchesList().forEach(name -> Check.name("dns_config.searches", name));
        config.getOptionsList().forEach(word -> Check.name("dns_config.options", word));
        return new DnsSpec(
                config.getServersList(), config.getSearchesList(), config.getOptionsList());
    }

    private static List<PortMapping> ports(PodSandboxConfig config) {
        Check.count("port_mappings", config.getPortMappingsCount(), Bounds.PORTS);
        List<PortMapping> ports = new ArrayList<>();
        for (var mapping : config.getPortMappingsList()) {
            port("port_mappings.container_port", mapping.getContainerPort(), 1);
            port("port_mappings.host_port", mapping.getHostPort(), 0);
            String hostIp = mapping.getHostIp();
            if (!hostIp.isEmpty() && !ADDRESS.matcher(hostIp).matches()) {
                throw Check.invalid("port_mappings.host_ip", hostIp, "is not an IP address");
            }
            PortMapping.Protocol protocol =
                    switch (mapping.getProtocol()) {
                        case TCP -> PortMapping.Protocol.TCP;
                        case UDP -> PortMapping.Protocol.UDP;
                        case SCTP -> PortMapping.Protocol.SCTP;
                        case UNRECOGNIZED ->
                                throw Check.invalid(
                                        "port_mappings.protocol",
                                        mapping.getProtocolValue(),
                                        "is unknown");
                    };
            // Without a host port the entry only documents what the pod listens on.
            if (mapping.getHostPort() != 0) {
                ports.add(
                        new PortMapping(
                                protocol,
                                mapping.getHostPort(),
                                mapping.getContainerPort(),
                                hostIp));
            }
        }
        return ports;
    }

    private static void port(String field, int value, int least) {
        if (value < least || value > 65_535) {
            throw Check.invalid(field, value, "is not in %d…65535".formatted(least));
        }
    }

    private static String cgroupParent(String parent, Handler handler) {
        return parent.isEmpty()
                ? handler.cgroupParent()
                : Check.absolutePath(
                        "linux.cgroup_parent", parent.startsWith("/") ? parent : "/" + parent);
    }

    private static Optional<Path> logDirectory(String directory) {
        return directory.isEmpty()
                ? Optional.empty()
                : Optional.of(Path.of(Check.absolutePath("log_directory", directory)));
    }

    // The four arguments that Kubernetes network plugins know. Nothing else of a pod gets there.
    private static Map<String, String> networkArgs(String id, PodSandboxMetadata metadata) {
        return Map.of(
                "IgnoreUnknown", "1",
                "K8S_POD_NAMESPACE", metadata.getNamespace(),
                "K8S_POD_NAME", metadata.getName(),
                "K8S_POD_UID", metadata.getUid(),
                "K8S_POD_INFRA_CONTAINER_ID", id);
    }
}
