package io.carpel.agent.pod;

import io.carpel.agent.translate.HostAbilities;
import io.carpel.cri.CgroupDriver;
import io.carpel.cri.LinuxRuntimeConfiguration;
import io.carpel.cri.RuntimeCondition;
import io.carpel.cri.RuntimeConfigResponse;
import io.carpel.cri.RuntimeFeatures;
import io.carpel.cri.RuntimeHandler;
import io.carpel.cri.RuntimeHandlerFeatures;
import io.carpel.cri.RuntimeStatus;
import io.carpel.cri.StatusResponse;
import io.carpel.cri.VersionResponse;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.network.NetworkStatus;
import io.carpel.runtime.spec.Printable;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ObjectNode;

/// What the kubelet asks about the node as a whole. Answers at once, whatever the pods do.
public final class NodeService {
    private static final Logger LOG = LoggerFactory.getLogger(NodeService.class);

    /// Part of every container id that the cluster stores: never to be changed.
    private static final String RUNTIME_NAME = "carpel";

    private static final String API_VERSION = "v1";

    /// What runtimes have answered since before the API had a version of its own.
    private static final String TRADITIONAL_VERSION = "0.1.0";

    /// Of an address family each, and of both usually.
    private static final int RANGES = 16;

    private static final Pattern RANGE = Pattern.compile("[0-9A-Fa-f:.]{2,45}/[0-9]{1,3}");

    private final Facts facts;
    private final Supplier<NetworkStatus> network;
    private final Consumer<List<String>> podRanges;
    private final ObjectMapper json;

    /// What is known when the agent starts.
    ///
    /// @param version of this build, a semantic version
    /// @param handlers names of runtime handlers besides the empty one, which may change
    /// @param systemdCgroups whether systemd makes the cgroups
    /// @param stateDirectory where images and writable layers lie
    /// @param features what this host was found to be and to be able to do, by name; labels of the
    ///   node are made from it
    public record Facts(
            String version,
            Supplier<Set<String>> handlers,
            HostAbilities host,
            boolean systemdCgroups,
            String stateDirectory,
            Map<String, String> features) {
        public Facts {
            features = Map.copyOf(features);
        }
    }

    /// @param network the network's state as it is known now; must not wait
    /// @param podRanges hears the cluster's address ranges for this node
    public NodeService(
            Facts facts,
            Supplier<NetworkStatus> network,
            Consumer<List<String>> podRanges,
            ObjectMapper json) {
        this.facts = facts;
        this.network = network;
        this.podRanges = podRanges;
        this.json = json;
    }

    public VersionResponse version() {
        return VersionResponse.newBuilder()
                .setVersion(TRADITIONAL_VERSION)
                .setRuntimeName(RUNTIME_NAME)
                .setRuntimeVersion(facts.version())
                .setRuntimeApiVersion(API_VERSION)
                .build();
    }

    public StatusResponse status(boolean verbose) {
        NetworkStatus state = network.get();
        StatusResponse.Builder response =
                StatusResponse.newBuilder()
                        .setStatus(
                                RuntimeStatus.newBuilder()
                                        // Calls are let through only after recovery, so an answer
                                        // alone says ready.
                                        .addConditions(
                                                RuntimeCondition.newBuilder()
                                                        .setType("RuntimeReady")
                                                        .setStatus(true))
                                        .addConditions(networkReady(state)))
                        .setFeatures(
                                RuntimeFeatures.newBuilder()
                                        .setSupplementalGroupsPolicy(
                                                facts.host().supplementalGroupsPolicy())
                                        .setUserNamespacesHostNetwork(
                                                facts.host().userNamespacesWithHostNetwork())
                                        .setMountOptions(facts.host().mountOptions()));
        response.addRuntimeHandlers(handler(""));
        new TreeSet<>(facts.handlers().get())
                .forEach(name -> response.addRuntimeHandlers(handler(name)));
        if (verbose) {
            response.putAllInfo(info(state));
        }
        return response.build();
    }

    private static RuntimeCondition networkReady(NetworkStatus state) {
        RuntimeCondition.Builder condition =
                RuntimeCondition.newBuilder().setType("NetworkReady").setStatus(state.ready());
        if (!state.ready()) {
            condition.setReason("NetworkNotReady");
        }
        return condition.setMessage(state.message()).build();
    }

    private RuntimeHandler handler(String name) {
        return RuntimeHandler.newBuilder()
                .setName(name)
                .setFeatures(
                        RuntimeHandlerFeatures.newBuilder()
                                .setRecursiveReadOnlyMounts(facts.host().recursiveReadOnlyMounts())
                                .setUserNamespaces(facts.host().userNamespaces()))
                .build();
    }

    private Map<String, String> info(NetworkStatus state) {
        ObjectNode config = json.createObjectNode();
        // There is no such image; the key is there because kubeadm compares it with its own.
        config.put("sandboxImage", "");
        config.put("stateDir", facts.stateDirectory());
        config.put("cgroupDriver", facts.systemdCgroups() ? "systemd" : "cgroupfs");
        ObjectNode cni = json.createObjectNode();
        cni.put("kind", state.kind().name());
        cni.put("network", state.networkName());
        cni.set("files", json.valueToTree(List.copyOf(state.files())));
        return Map.of(
                "config", json.writeValueAsString(config),
                "cniconfig", json.writeValueAsString(cni),
                "hostFeatures", json.writeValueAsString(new TreeMap<>(facts.features())),
                "lastCNILoadStatus", json.writeValueAsString(state.lastLoad()));
    }

    public RuntimeConfigResponse runtimeConfig() {
        return RuntimeConfigResponse.newBuilder()
                .setLinux(
                        LinuxRuntimeConfiguration.newBuilder()
                                .setCgroupDriver(
                                        facts.systemdCgroups()
                                                ? CgroupDriver.SYSTEMD
                                                : CgroupDriver.CGROUPFS))
                .build();
    }

    /// Passes the cluster's address ranges for this node on to the network; which may have its own.
    ///
    /// @param podCidr ranges with commas between them, or nothing
    /// @throws InvalidArgumentException when it is anything else
    public void updateRuntimeConfig(String podCidr) {
        List<String> ranges =
                Arrays.stream(podCidr.split(",", -1))
                        .map(String::strip)
                        .filter(range -> !range.isEmpty())
                        .toList();
        if (ranges.size() > RANGES
                || !ranges.stream().allMatch(range -> RANGE.matcher(range).matches())) {
            throw new InvalidArgumentException(
                    "network_config.pod_cidr '%s' is not a list of networks such as 10.1.0.0/24"
                            .formatted(Printable.of(podCidr)));
        }
        if (!ranges.isEmpty()) {
            LOG.info("the cluster gives this node the pod addresses {}", ranges);
            podRanges.accept(ranges);
        }
    }
}
