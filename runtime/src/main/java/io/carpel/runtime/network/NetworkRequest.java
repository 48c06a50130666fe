package io.carpel.runtime.network;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.Bandwidth;
import io.carpel.runtime.spec.DnsSpec;
import io.carpel.runtime.spec.PortMapping;
import io.carpel.runtime.spec.SandboxSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A sandbox to attach or detach.
///
/// @param name for people: error messages and log lines
/// @param netnsFile the pin of the network namespace; on detach it may be gone
/// @param args `CNI_ARGS` for plugins, already allow-listed by the caller
/// @param dns passed to plugins that declare the capability `dns`
/// @param bandwidth passed to plugins that declare the capability `bandwidth`
public record NetworkRequest(
        String sandboxId,
        String name,
        Path netnsFile,
        List<PortMapping> ports,
        Map<String, String> args,
        Optional<DnsSpec> dns,
        Optional<Bandwidth> bandwidth) {
    /// What the interface is called inside.
    public static final String INTERFACE_NAME = "eth0";

    public NetworkRequest {
        // The id becomes a file name and CNI_CONTAINERID; the CNI specification allows these
        // letters.
        if (!sandboxId.matches("[A-Za-z0-9][A-Za-z0-9_.\\-]{0,127}")) {
            throw new InvalidArgumentException("sandbox id '%s' is malformed".formatted(sandboxId));
        }
        ports = List.copyOf(ports);
        args = Map.copyOf(args);
    }

    /// Everything a sandbox's specification says about its network.
    public static NetworkRequest of(SandboxSpec spec, Path netnsFile) {
        return new NetworkRequest(
                spec.id(),
                spec.name(),
                netnsFile,
                spec.ports(),
                spec.networkArgs(),
                spec.dns(),
                spec.bandwidth());
    }
}
