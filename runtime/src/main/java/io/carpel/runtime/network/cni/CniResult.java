package io.carpel.runtime.network.cni;

import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.network.AddressText;
import io.carpel.runtime.spec.DnsSpec;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// What a plugin answers to ADD, in the form of one version of the specification.
///
/// Fields that are not understood here are kept: they are passed on to the next plugin.
final class CniResult {
    private static final JsonMapper MAPPER = JsonMapper.builder().build();
    private static final int MAX_ADDRESSES = 256;

    private final CniVersion version;
    private final ObjectNode document;

    private CniResult(CniVersion version, ObjectNode document) {
        this.version = version;
        this.document = document;
    }

    /// Reads a result. One that names no version is taken to be of the configuration's.
    ///
    /// @throws KernelFaultException saying what is wrong with it
    static CniResult parse(byte[] content, CniVersion expected) {
        ObjectNode document;
        try {
            if (!(MAPPER.readTree(content) instanceof ObjectNode object)) {
                throw new KernelFaultException("its result is not a JSON object");
            }
            document = object;
        } catch (JacksonException e) {
            throw new KernelFaultException("its result is not JSON: " + e.getOriginalMessage(), e);
        }
        String named = document.path("cniVersion").asString(expected.toString());
        CniVersion version =
                CniVersion.of(named)
                        .orElseThrow(() ->
                                new KernelFaultException(
                                        "its result is of version '%s', which is not one of %s"
                                                .formatted(named, List.of(CniVersion.values()))));
        var result = new CniResult(version, document);
        result.check();
        return result;
    }

    private void check() {
        JsonNode ips = document.path("ips");
        if (!ips.isMissingNode() && !ips.isNull() && !ips.isArray()) {
            throw new KernelFaultException("its result has ips that are no list");
        }
        if (ips.size() > MAX_ADDRESSES) {
            throw new KernelFaultException(
                    "its result has more than %d addresses".formatted(MAX_ADDRESSES));
        }
        for (JsonNode ip : ips.values()) {
            address(ip);
        }
    }

    /// The same in another version's form.
    CniResult toVersion(CniVersion target) {
        if (target == version) {
            return this;
        }
        ObjectNode converted = document.deepCopy();
        converted.put("cniVersion", target.toString());
        for (JsonNode ip : converted.path("ips").values()) {
            if (!(ip instanceof ObjectNode object)) {
                continue;
            }
            if (target.atLeast(CniVersion.V1_0_0)) {
                object.remove("version");
            } else {
                boolean six = address(ip).getAddress().length == 16;
                object.put("version", six ? "6" : "4");
            }
        }
        return new CniResult(target, converted);
    }

    CniVersion version() {
        return version;
    }

    ObjectNode document() {
        return document;
    }

    /// The addresses of this interface inside the sandbox, in the plugins' order. Addresses that
    /// name no interface count.
    List<String> addresses(String interfaceName) {
        var addresses = new LinkedHashSet<String>();
        JsonNode interfaces = document.path("interfaces");
        for (JsonNode ip : document.path("ips").values()) {
            JsonNode index = ip.path("interface");
            if (index.isInt()) {
                JsonNode on = interfaces.path(index.intValue());
                if (on.path("sandbox").asString("").isEmpty()
                        || !on.path("name").asString("").equals(interfaceName)) {
                    continue;
                }
            }
            addresses.add(AddressText.of(address(ip)));
        }
        return List.copyOf(addresses);
    }

    private static InetAddress address(JsonNode ip) {
        String text = ip.path("address").asString("");
        int slash = text.indexOf('/');
        try {
            return InetAddress.ofLiteral(slash < 0 ? text : text.substring(0, slash));
        } catch (IllegalArgumentException e) {
            throw new KernelFaultException(
                    "its result has an address '%s' that is none".formatted(text), e);
        }
    }

    /// Empty when the result says nothing about DNS.
    Optional<DnsSpec> dns() {
        JsonNode dns = document.path("dns");
        var searches = new ArrayList<>(strings(dns.path("search")));
        String domain = dns.path("domain").asString("");
        if (!domain.isEmpty() && !searches.contains(domain)) {
            searches.addFirst(domain);
        }
        var spec =
                new DnsSpec(
                        strings(dns.path("nameservers")), searches, strings(dns.path("options")));
        return spec.servers().isEmpty() && spec.searches().isEmpty() && spec.options().isEmpty()
                ? Optional.empty()
                : Optional.of(spec);
    }

    private static List<String> strings(JsonNode array) {
        var strings = new ArrayList<String>();
        for (JsonNode value : array.values()) {
            strings.add(value.asString(""));
        }
        return strings;
    }
}
