package io.carpel.runtime.sandbox;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.DnsSpec;
import io.carpel.runtime.spec.Printable;
import io.carpel.runtime.spec.SandboxSpec;
import io.carpel.runtime.store.AtomicFile;
import io.carpel.runtime.store.Trees;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Writes the files that containers of a sandbox see as `/etc/hosts`, `/etc/hostname` and
/// `/etc/resolv.conf`.
///
/// Their number of lines follows from the request alone: every value is checked for line breaks
/// before it is written, since a value with one could add a line of the caller's choice.
final class SandboxFiles {
    private static final int HOSTNAME_LIMIT = 64;

    /// Enough for any resolver configuration; a host file beyond it is not copied.
    private static final long COPY_LIMIT = 1 << 20;

    /// What the files may take, which are its containers' to write: two copies and something over.
    static final long ROOM = 3 * COPY_LIMIT;

    private static final Path HOST_NAME = Path.of("/proc/sys/kernel/hostname");

    private final Path hostResolvConf;
    private final Path hostHosts;

    /// @param etc the host's `/etc`
    SandboxFiles(Path etc) {
        this.hostResolvConf = etc.resolve("resolv.conf");
        this.hostHosts = etc.resolve("hosts");
    }

    /// The name the sandbox has: what was asked for, or the host's.
    static String hostname(SandboxSpec spec) throws IOException {
        String asked = spec.namespaces().hostNetwork() ? "" : spec.hostname();
        return asked.isEmpty() ? Files.readString(HOST_NAME).strip() : checkHostname(asked);
    }

    /// @throws InvalidArgumentException when it is no host name of hostname(7)
    static String checkHostname(String name) {
        boolean fine =
                !name.isEmpty()
                        && name.length() <= HOSTNAME_LIMIT
                        && name.chars()
                                .allMatch(c ->
                                        c == '-'
                                                || c == '.'
                                                || c == '_'
                                                || (c < 128 && Character.isLetterOrDigit(c)));
        if (!fine) {
            throw new InvalidArgumentException(
                    "hostname '%s' is not 1 to %d letters, digits, dots and hyphens"
                            .formatted(Printable.of(name), HOSTNAME_LIMIT));
        }
        return name;
    }

    /// @param address of the sandbox, for `hosts`; empty with the host's network
    void write(
            Path directory,
            String hostname,
            Optional<DnsSpec> dns,
            boolean hostNetwork,
            Optional<String> address)
            throws IOException {
        Trees.makePrivate(directory);
        put(directory.resolve("hostname"), hostname + "\n");
        put(
                directory.resolve("resolv.conf"),
                dns.isPresent() ? resolvConf(dns.get()) : copyOf(hostResolvConf));
        put(directory.resolve("hosts"), hostNetwork ? copyOf(hostHosts) : hosts(hostname, address));
    }

    /// Search list, servers, options, in this order; nothing at all for an empty request.
    static String resolvConf(DnsSpec dns) {
        StringBuilder out = new StringBuilder();
        if (!dns.searches().isEmpty()) {
            out.append("search ").append(String.join(" ", dns.searches())).append('\n');
        }
        for (String server : dns.servers()) {
            out.append("nameserver ").append(server).append('\n');
        }
        if (!dns.options().isEmpty()) {
            out.append("options ").append(String.join(" ", dns.options())).append('\n');
        }
        return out.toString();
    }

    static String hosts(String hostname, Optional<String> address) {
        List<String> fixed =
                List.of(
                        "127.0.0.1\tlocalhost",
                        "::1\tlocalhost ip6-localhost ip6-loopback",
                        "fe00::\tip6-localnet",
                        "ff02::1\tip6-allnodes",
                        "ff02::2\tip6-allrouters");
        String own = address.map(ip -> ip + "\t" + hostname + "\n").orElse("");
        return String.join("\n", fixed) + "\n" + own;
    }

    private static String copyOf(Path file) throws IOException {
        try {
            if (Files.size(file) > COPY_LIMIT) {
                return "";
            }
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException _) {
            return "";
        }
    }

    /// Readable for whatever user a container runs as.
    private static void put(Path file, String content) throws IOException {
        AtomicFile.write(file, content.getBytes(StandardCharsets.ISO_8859_1), 0644);
    }
}
