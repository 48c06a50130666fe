package io.carpel.agent.cli.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/// A cluster's view of a node, its kubelet and two runtimes, in memory; the kubelet's files are
/// real. Every call from outside is counted, and one of them can be made to fail or to be the last.
final class FakeNode implements NodeApi, KubeletService, Patience {
    static final String OLD = "unix:///run/containerd/containerd.sock";
    static final String NEW = "unix:///run/carpel/carpel.sock";
    private static final String CONFIGURATION = "kind: KubeletConfiguration\nport: 10250\n";

    /// How often a condition is asked before the time counts as up.
    private static final int PATIENCE = 20;

    /// The end of the process, in the middle of what it did.
    static final class PowerCut extends Error {
        private static final long serialVersionUID = 1L;
    }

    private final Path root;
    private final Path configuration;
    private final Map<String, String> names = Map.of(OLD, "containerd", NEW, "carpel");
    private final Map<String, List<String>> pods = new HashMap<>();
    private final List<Tenant> tenants = new ArrayList<>();
    private final List<String> events = new ArrayList<>();
    private boolean cordoned;
    private boolean running = true;
    private String runtime = "containerd";
    private int heartbeat;
    private int calls;
    private int failAt;
    private int dieAt;
    private int refusals;
    private int kubeletStops;
    private String never = "";

    FakeNode(Path root) {
        this.root = root;
        this.configuration = root.resolve("var/lib/kubelet/config.yaml");
        try {
            Files.createDirectories(configuration.getParent());
            Files.writeString(configuration, CONFIGURATION);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        tenants.add(new Tenant("default", "web"));
        pods.put(OLD, new ArrayList<>(List.of("daemon", "static")));
        pods.put(NEW, new ArrayList<>());
    }

    /// A new process of the command.
    NodeSwitch command() {
        NodeParts parts =
                new NodeParts(
                        this,
                        this,
                        files(),
                        JournalFile.ofSwitch(root.resolve("journal.json")),
                        FakeRuntime::new,
                        this,
                        _ -> {});
        return new NodeSwitch(parts, new Limits(Duration.ofSeconds(1), Duration.ofSeconds(1)), "");
    }

    private KubeletFiles files() {
        return new KubeletFiles(root, Path.of("/var/lib/kubelet/config.yaml"));
    }

    void failAt(int call) {
        failAt = call;
    }

    void dieAt(int call) {
        dieAt = call;
    }

    void refuseEvictions(int times) {
        refusals = times;
    }

    void neverReadyUnder(String name) {
        never = name;
    }

    int calls() {
        return calls;
    }

    int kubeletStops() {
        return kubeletStops;
    }

    String runtime() {
        return runtime;
    }

    boolean cordoned() {
        return cordoned;
    }

    List<String> events() {
        return events;
    }

    List<String> podsOf(String endpoint) {
        return pods.getOrDefault(endpoint, List.of());
    }

    Optional<SwitchJournal> journal() {
        return JournalFile.ofSwitch(root.resolve("journal.json")).read();
    }

    void assertAsBefore(String when) {
        assertThat(runtime).as(when).isEqualTo("containerd");
        assertThat(running).as(when).isTrue();
        assertThat(cordoned).as(when).isFalse();
        assertThat(podsOf(NEW)).as(when).isEmpty();
        assertThat(journal()).as(when).isEmpty();
        assertThat(configuration).as(when).hasContent(CONFIGURATION);
    }

    private void called(String what) {
        calls++;
        if (calls == dieAt) {
            throw new PowerCut();
        }
        if (calls == failAt) {
            throw new NodeException(what + " was made to fail");
        }
    }

    @Override
    public View view() {
        called("view");
        boolean ready = running && !runtime.equals(never);
        return new View(ready, cordoned, runtime + "://1.0", "v1.36.3", "beat " + heartbeat);
    }

    @Override
    public void cordon(boolean unschedulable) {
        called("cordon");
        cordoned = unschedulable;
        called("cordon, after it");
    }

    @Override
    public List<Tenant> tenants() {
        called("tenants");
        return List.copyOf(tenants);
    }

    @Override
    public boolean evict(Tenant tenant) {
        called("evict");
        if (refusals > 0) {
            refusals--;
            return false;
        }
        return tenants.remove(tenant);
    }

    @Override
    public void event(String reason, String message, boolean warning) {
        called("event");
        events.add(reason);
    }

    @Override
    public void condition(boolean healthy, String reason, String message) {
        called("condition");
    }

    @Override
    public Map<String, String> labels() {
        throw new UnsupportedOperationException("a switch sets no labels");
    }

    @Override
    public void label(Map<String, Optional<String>> labels) {
        throw new UnsupportedOperationException("a switch sets no labels");
    }

    @Override
    public void removeCondition() {
        throw new UnsupportedOperationException("a switch leaves the condition");
    }

    @Override
    public void stop() {
        called("stop");
        kubeletStops++;
        running = false;
        called("stop, after it");
    }

    @Override
    public void start() {
        called("start");
        if (!running) {
            running = true;
            heartbeat++;
            String endpoint = files().endpoint().orElse(OLD);
            runtime = names.getOrDefault(endpoint, "unknown");
            pods.computeIfAbsent(endpoint, _ -> new ArrayList<>()).add("daemon");
        }
        called("start, after it");
    }

    @Override
    public void await(String what, Duration atMost, BooleanSupplier condition) {
        for (int i = 0; i < PATIENCE; i++) {
            if (condition.getAsBoolean()) {
                return;
            }
        }
        throw new NodeException("waited in vain for " + what);
    }

    /// One of the two runtimes, or one that is not there.
    private final class FakeRuntime implements PodRuntime {
        private final String endpoint;

        FakeRuntime(String endpoint) {
            this.endpoint = endpoint;
        }

        @Override
        public String endpoint() {
            return endpoint;
        }

        @Override
        public String readyName() {
            called("name of " + endpoint);
            return Optional.ofNullable(names.get(endpoint))
                    .orElseThrow(() -> new NodeException("no runtime listens at " + endpoint));
        }

        @Override
        public int stopPods(String but) {
            called("stop the pods of " + endpoint);
            List<String> mine = pods.computeIfAbsent(endpoint, _ -> new ArrayList<>());
            int count = mine.size();
            mine.clear();
            called("stop the pods, after it");
            return count;
        }
    }
}
