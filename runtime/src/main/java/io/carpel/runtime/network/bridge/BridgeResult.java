package io.carpel.runtime.network.bridge;

import io.carpel.runtime.network.AddressText;
import io.carpel.runtime.network.NetworkRequest;
import io.carpel.runtime.network.NetworkResult;
import io.carpel.runtime.network.bridge.AddressPool.Lease;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// Tells what a sandbox got, in the form of a CNI result, so that tools need to know one form only.
final class BridgeResult {
    private static final String CNI_VERSION = "1.0.0";

    private BridgeResult() {}

    static NetworkResult of(
            BridgeConfig config, AddressPool pool, Lease lease, NetworkRequest request) {
        ObjectNode raw = JsonNodeFactory.instance.objectNode();
        raw.put("cniVersion", CNI_VERSION);
        ArrayNode interfaces = raw.putArray("interfaces");
        interfaces.addObject().put("name", config.bridge());
        interfaces.addObject().put("name", Veth.hostNameOf(request.sandboxId()));
        interfaces
                .addObject()
                .put("name", NetworkRequest.INTERFACE_NAME)
                .put("sandbox", request.netnsFile().toString());
        ArrayNode ips = raw.putArray("ips");
        ArrayNode routes = raw.putArray("routes");
        var addresses = new ArrayList<String>();
        add(ips, pool.range4(), lease.address4(), pool.gateway4(), addresses);
        routes.addObject().put("dst", "0.0.0.0/0").put("gw", AddressText.of(pool.gateway4()));
        lease.address6()
                .ifPresent(address -> {
                    InetAddress gateway = pool.gateway6().orElseThrow();
                    add(ips, pool.range6().orElseThrow(), address, gateway, addresses);
                    routes.addObject().put("dst", "::/0").put("gw", AddressText.of(gateway));
                });
        return new NetworkResult(
                List.copyOf(addresses),
                NetworkRequest.INTERFACE_NAME,
                Optional.empty(),
                raw.toString());
    }

    private static void add(
            ArrayNode ips,
            AddressRange range,
            InetAddress address,
            InetAddress gateway,
            List<String> addresses) {
        ips.addObject()
                .put("interface", 2)
                .put("address", AddressText.of(address) + "/" + range.prefix())
                .put("gateway", AddressText.of(gateway));
        addresses.add(AddressText.of(address));
    }
}
