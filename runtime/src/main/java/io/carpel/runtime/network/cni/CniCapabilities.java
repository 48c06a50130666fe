package io.carpel.runtime.network.cni;

import io.carpel.runtime.network.NetworkRequest;
import io.carpel.runtime.spec.PortMapping;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// What can be said in `runtimeConfig`, under the well-known names of CNI's conventions. A plugin
/// is told only what it has declared.
final class CniCapabilities {
    private CniCapabilities() {}

    /// @param ranges networks for the plugin that gives out addresses, in CIDR form
    static ObjectNode of(NetworkRequest request, List<String> ranges) {
        ObjectNode all = JsonNodeFactory.instance.objectNode();
        if (!request.ports().isEmpty()) {
            ArrayNode mappings = all.putArray("portMappings");
            for (PortMapping port : request.ports()) {
                mappings.addObject()
                        .put("hostPort", port.hostPort())
                        .put("containerPort", port.containerPort())
                        .put("protocol", port.protocol().lowerCase())
                        .put("hostIP", port.hostIp());
            }
        }
        request.bandwidth()
                .ifPresent(limit ->
                        all.putObject("bandwidth")
                                .put("ingressRate", limit.ingressRate())
                                .put("ingressBurst", limit.ingressBurst())
                                .put("egressRate", limit.egressRate())
                                .put("egressBurst", limit.egressBurst()));
        request.dns()
                .ifPresent(dns -> {
                    ObjectNode node = all.putObject("dns");
                    strings(node.putArray("servers"), dns.servers());
                    strings(node.putArray("searches"), dns.searches());
                    strings(node.putArray("options"), dns.options());
                });
        if (!ranges.isEmpty()) {
            ArrayNode sets = all.putArray("ipRanges");
            ranges.forEach(range -> sets.addArray().addObject().put("subnet", range));
        }
        return all;
    }

    private static void strings(ArrayNode array, List<String> values) {
        values.forEach(array::add);
    }
}
