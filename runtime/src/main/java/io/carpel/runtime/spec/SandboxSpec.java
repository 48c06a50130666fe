package io.carpel.runtime.spec;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What a sandbox is to be.
///
/// @param id 64 lower-case hexadecimal digits, unique for ever on this host
/// @param name for people: log lines, `check`, network names; unique among live sandboxes
/// @param hostname name in the UTS namespace; empty means the host's name
/// @param dns empty means a copy of the host's `/etc/resolv.conf`
/// @param ports host ports that lead into the sandbox; ignored with the host's network
/// @param bandwidth for network plugins that can limit traffic
/// @param cgroupParent the parent cgroup as the caller names it; empty means the configured default
/// @param sysctls namespaced kernel parameters in dotted form
/// @param logDirectory made when absent; container logs lie below it
/// @param privileged whether privileged containers may be created in it
/// @param handler the name of the runtime handler that was asked for; empty is the default
/// @param shmSize bytes of the `/dev/shm` its containers share; empty is the configured size
/// @param remap give it a user namespace with ids of the runtime's choice, unless `namespaces` has
///   one already; what was chosen then stands in `namespaces`
/// @param selinux parts of the labels of its containers, with the level that was chosen for it
/// @param networkArgs passed to network plugins as CNI_ARGS, already allow-listed by the caller
/// @param payload opaque bytes of the caller, kept byte for byte over restarts
public record SandboxSpec(
        String id,
        String name,
        String hostname,
        NamespaceSpec namespaces,
        Optional<DnsSpec> dns,
        List<PortMapping> ports,
        Optional<Bandwidth> bandwidth,
        String cgroupParent,
        Map<String, String> sysctls,
        Optional<Path> logDirectory,
        boolean privileged,
        String handler,
        Optional<Long> shmSize,
        Optional<RemapSpec> remap,
        Optional<SelinuxSpec> selinux,
        Map<String, String> networkArgs,
        Bytes payload) {
    public SandboxSpec {
        ports = List.copyOf(ports);
        sysctls = Map.copyOf(sysctls);
        networkArgs = Map.copyOf(networkArgs);
    }

    /// The same with a user namespace.
    public SandboxSpec with(UserNamespaceSpec user) {
        return with(
                new NamespaceSpec(
                        namespaces.hostNetwork(),
                        namespaces.hostIpc(),
                        namespaces.pid(),
                        Optional.of(user)),
                selinux);
    }

    /// The same with other parts of labels.
    public SandboxSpec with(SelinuxSpec labels) {
        return with(namespaces, Optional.of(labels));
    }

    private SandboxSpec with(NamespaceSpec others, Optional<SelinuxSpec> labels) {
        return new SandboxSpec(
                id,
                name,
                hostname,
                others,
                dns,
                ports,
                bandwidth,
                cgroupParent,
                sysctls,
                logDirectory,
                privileged,
                handler,
                shmSize,
                remap,
                labels,
                networkArgs,
                payload);
    }

    /// Parts of labels; none where nothing was asked for and nothing chosen.
    @JsonIgnore
    public SelinuxSpec label() {
        return selinux.orElseGet(SelinuxSpec::none);
    }
}
