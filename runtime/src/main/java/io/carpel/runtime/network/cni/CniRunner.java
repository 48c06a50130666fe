package io.carpel.runtime.network.cni;

import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.network.NetworkRequest;
import io.carpel.runtime.network.cni.CniNetworkList.Plugin;
import io.carpel.runtime.network.cni.CniPlugins.Call;
import io.carpel.runtime.spec.Printable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// Runs a network's plugins for one command, in the order and with the input that the specification
/// gives for it.
final class CniRunner {
    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    private final CniPlugins plugins;

    CniRunner(CniPlugins plugins) {
        this.plugins = plugins;
    }

    /// Makes sure that all plugins are there and speak the network's version, so that ADD is not
    /// begun in vain.
    void require(CniNetworkList network) {
        network.plugins().forEach(plugin -> plugins.require(plugin.type(), network.version()));
    }

    /// Runs all plugins forward, each with the result of the one before.
    ///
    /// @return the last one's result, in the form of the network's version
    CniResult add(String id, CniNetworkList network, CniAttachment attachment) {
        Optional<CniResult> previous = Optional.empty();
        for (Plugin plugin : network.plugins()) {
            byte[] output = plugins.run(call("ADD", id, network, attachment, plugin, previous));
            previous = Optional.of(result(plugin, output, network.version()));
        }
        return previous.orElseThrow(() ->
                new KernelFaultException(
                        "cni network %s has no plugins".formatted(network.name())));
    }

    private static CniResult result(Plugin plugin, byte[] output, CniVersion version) {
        try {
            return CniResult.parse(output, version).toVersion(version);
        } catch (KernelFaultException e) {
            String printed = Printable.of(new String(output, StandardCharsets.UTF_8).strip());
            throw new KernelFaultException(
                    "cni plugin %s (ADD): %s%s"
                            .formatted(
                                    plugin.type(),
                                    e.getMessage(),
                                    printed.isEmpty() ? "" : ", it printed: " + printed),
                    e);
        }
    }

    /// Runs all plugins backward. Goes on after one that fails, so that as much as possible is
    /// freed, and throws the first failure.
    void delete(String id, CniNetworkList network, CniAttachment attachment) {
        Optional<CniResult> previous =
                network.version().atLeast(CniVersion.V0_4_0)
                        ? cached(attachment, network)
                        : Optional.empty();
        @Nullable ContainerRuntimeException first = null;
        for (Plugin plugin : network.plugins().reversed()) {
            try {
                plugins.run(call("DEL", id, network, attachment, plugin, previous));
            } catch (ContainerRuntimeException e) {
                if (first == null) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }

    /// Asks all plugins forward whether what they made is still as they made it.
    void check(String id, CniNetworkList network, CniAttachment attachment) {
        Optional<CniResult> previous = cached(attachment, network);
        if (network.disableCheck()
                || previous.isEmpty()
                || !network.version().atLeast(CniVersion.V0_4_0)) {
            return;
        }
        for (Plugin plugin : network.plugins()) {
            plugins.run(call("CHECK", id, network, attachment, plugin, previous));
        }
    }

    /// Asks all plugins whether they could serve an ADD now.
    void status(CniNetworkList network) {
        if (network.version().atLeast(CniVersion.V1_1_0)) {
            for (Plugin plugin : network.plugins()) {
                plugins.run(
                        new Call(
                                plugin.type(),
                                "STATUS",
                                network.version(),
                                Map.of(),
                                base(network, plugin)));
            }
        }
    }

    boolean collectsGarbage(CniNetworkList network) {
        return !network.disableGc() && network.version().atLeast(CniVersion.V1_1_0);
    }

    /// Tells all plugins which sandboxes there are, so that they free what belongs to others.
    ///
    /// @return what failed, one sentence each
    List<String> collectGarbage(CniNetworkList network, Collection<String> liveIds) {
        var problems = new ArrayList<String>();
        for (Plugin plugin : network.plugins()) {
            ObjectNode input = base(network, plugin);
            ArrayNode valid = input.putArray("cni.dev/valid-attachments");
            for (String id : liveIds) {
                valid.addObject()
                        .put("containerID", id)
                        .put("ifname", NetworkRequest.INTERFACE_NAME);
            }
            try {
                plugins.run(new Call(plugin.type(), "GC", network.version(), Map.of(), input));
            } catch (ContainerRuntimeException e) {
                problems.add(String.valueOf(e.getMessage()));
            }
        }
        return problems;
    }

    private static Optional<CniResult> cached(CniAttachment attachment, CniNetworkList network) {
        return attachment
                .result()
                .map(text -> text.getBytes(StandardCharsets.UTF_8))
                .map(bytes -> CniResult.parse(bytes, network.version()));
    }

    private static Call call(
            String command,
            String id,
            CniNetworkList network,
            CniAttachment attachment,
            Plugin plugin,
            Optional<CniResult> previous) {
        ObjectNode input = base(network, plugin);
        ObjectNode told = JsonNodeFactory.instance.objectNode();
        for (var capability : MAPPER.readTree(attachment.capabilities()).properties()) {
            if (plugin.capabilities().getOrDefault(capability.getKey(), false)) {
                told.set(capability.getKey(), capability.getValue());
            }
        }
        if (!told.isEmpty()) {
            input.set("runtimeConfig", told);
        }
        previous.ifPresent(result -> input.set("prevResult", result.document()));
        // The specification: a namespace that is gone is told to DEL as an empty path.
        boolean gone = command.equals("DEL") && !Files.exists(Path.of(attachment.netns()));
        var environment = new TreeMap<String, String>();
        environment.put("CNI_CONTAINERID", id);
        environment.put("CNI_NETNS", gone ? "" : attachment.netns());
        environment.put("CNI_IFNAME", NetworkRequest.INTERFACE_NAME);
        environment.put("CNI_ARGS", args(attachment.args()));
        return new Call(plugin.type(), command, network.version(), environment, input);
    }

    /// The plugin's configuration with the network's name and version. `capabilities` is for us,
    /// not for the plugin.
    private static ObjectNode base(CniNetworkList network, Plugin plugin) {
        ObjectNode input = plugin.config().deepCopy();
        input.remove("capabilities");
        input.put("name", network.name());
        input.put("cniVersion", network.version().toString());
        return input;
    }

    /// `IgnoreUnknown` lets plugins that know none of the keys work all the same.
    ///
    /// @throws InvalidArgumentException when a key or value would be read as another pair
    static String args(Map<String, String> args) {
        for (var arg : args.entrySet()) {
            if (!arg.getKey().matches("[A-Za-z0-9_.\\-]+")
                    || arg.getValue().chars().anyMatch(c -> c < ' ' || c == ';' || c == 0x7f)) {
                throw new InvalidArgumentException(
                        "network argument '%s=%s' holds a ';' or a control character"
                                .formatted(
                                        Printable.of(arg.getKey()), Printable.of(arg.getValue())));
            }
        }
        String pairs =
                new TreeMap<>(args)
                        .entrySet().stream()
                                .map(arg -> ";" + arg.getKey() + "=" + arg.getValue())
                                .collect(Collectors.joining());
        return "IgnoreUnknown=1" + pairs;
    }
}
