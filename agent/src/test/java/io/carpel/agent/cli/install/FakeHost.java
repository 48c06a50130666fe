package io.carpel.agent.cli.install;

import io.carpel.agent.cli.node.JournalFile;
import io.carpel.agent.cli.node.KubeletFiles;
import io.carpel.agent.cli.node.NodeApi;
import io.carpel.agent.cli.node.NodeException;
import io.carpel.agent.cli.node.Patience;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/// A host whose files are real, below a directory, and whose systemd, agent and API server are in
/// memory. The service runs what `/opt/carpel` is at the moment it is started. Every call from
/// outside is counted, and one of them can be made to fail or to be the last.
final class FakeHost implements HostService, NewAgent, NodeApi, Patience {
    static final String CONFIG = "etc/carpel/config.toml";
    static final Instant TIME = Instant.ofEpochSecond(1_700_000_000);

    /// The end of the process, in the middle of what it did.
    static final class PowerCut extends Error {
        private static final long serialVersionUID = 1L;
    }

    private final Path directory;
    private final Path root;
    private final List<String> events = new ArrayList<>();
    private final List<String> said = new ArrayList<>();
    private final Map<String, String> labels = new TreeMap<>();
    private Optional<Boolean> condition = Optional.empty();
    private int conditions;
    private String running = "";
    private String runtime = "containerd://2.0";
    private int pods;
    private int calls;
    private int failAt;
    private int dieAt;
    private boolean systemd = true;
    private String brokenBuild = "";

    FakeHost(Path directory) {
        this.directory = directory;
        this.root = directory.resolve("host");
        write("host/var/lib/kubelet/config.yaml", "kind: KubeletConfiguration\n");
        write("host/opt/other/file", "not ours");
        write("host/etc/systemd/system/other.service", "[Unit]\n");
    }

    /// A distribution that differs from others by its build.
    Distribution distribution(String build) {
        String tree = "dist-" + build + "/";
        write(tree + "build", build + "\n");
        write(tree + "bin/carpel", "launcher of " + build);
        write(tree + "jre/bin/java", "java");
        write(tree + "jvm.options", "-Xmx1g");
        write(tree + "app/agent.jar", "classes of " + build);
        write(tree + "native/libx.so", "elf");
        write(tree + "share/verify/index.json", "{}");
        write(tree + "etc/config.toml", "# default of " + build + "\n");
        write(tree + "etc/crictl.yaml", "runtime-endpoint: here\n");
        write(tree + "lib/systemd/system/carpel.service", "[Service]\n# " + build + "\n");
        try (Stream<Path> all = Files.walk(directory.resolve(tree))) {
            for (Path one : all.toList()) {
                Files.setLastModifiedTime(one, FileTime.from(TIME));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Distribution.at(directory.resolve(tree));
    }

    /// A new process of the command.
    NodeInstall install(Distribution distribution) {
        return new NodeInstall(parts(), distribution, Duration.ofSeconds(1));
    }

    NodeUninstall uninstall() {
        return new NodeUninstall(
                parts(),
                new KubeletFiles(root, Path.of("/var/lib/kubelet/config.yaml")),
                JournalFile.ofSwitch(root.resolve("var/lib/carpel/node/switch.json")));
    }

    InstallParts parts() {
        return new InstallParts(
                root,
                this,
                () -> this,
                InstallParts.journalBelow(root),
                new NodeReport(this, said::add),
                this);
    }

    Optional<InstallJournal> journal() {
        return InstallParts.journalBelow(root).read();
    }

    Path root() {
        return root;
    }

    void write(String path, String text) {
        try {
            Path file = directory.resolve(path);
            Files.createDirectories(file.getParent());
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String read(String path) {
        try {
            return Files.readString(root.resolve(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    boolean has(String path) {
        return Files.exists(root.resolve(path), LinkOption.NOFOLLOW_LINKS);
    }

    /// Every file of the host with its text, every link with its target, and empty directories.
    Map<String, String> files() {
        Map<String, String> found = new TreeMap<>();
        try (Stream<Path> all = Files.walk(root)) {
            for (Path one : all.toList()) {
                String name = root.relativize(one).toString();
                if (Files.isSymbolicLink(one)) {
                    found.put(name, "-> " + Files.readSymbolicLink(one));
                } else if (Files.isRegularFile(one)) {
                    found.put(name, Files.readString(one));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return found;
    }

    void failAt(int call) {
        failAt = call;
    }

    void dieAt(int call) {
        dieAt = call;
    }

    /// Pods fail with the agent of this build.
    void breakPodsOf(String build) {
        brokenBuild = build;
    }

    void withoutSystemd() {
        systemd = false;
    }

    void runPods(int count) {
        pods = count;
    }

    void runUnder(String version) {
        runtime = version;
    }

    void end() {
        running = "";
    }

    int calls() {
        return calls;
    }

    /// The build of the agent that runs; empty when none does.
    String running() {
        return running;
    }

    List<String> events() {
        return events;
    }

    List<String> said() {
        return said;
    }

    Optional<Boolean> health() {
        return condition;
    }

    int conditions() {
        return conditions;
    }

    Map<String, String> nodeLabels() {
        return labels;
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
    public void require() {
        if (!systemd) {
            throw new NodeException("this host has no systemd");
        }
        called("require");
    }

    @Override
    public boolean readsUnits() {
        return true;
    }

    @Override
    public void restart() {
        called("restart");
        running = Distribution.buildOf(root.resolve("opt/carpel")).orElse("");
        if (running.isEmpty() || !has("etc/systemd/system/carpel.service")) {
            running = "";
            throw new NodeException("no such unit, or nothing to start");
        }
        write("host/var/lib/carpel/images/index", "of the agent");
        write("host/run/carpel/record", "of the agent");
        called("restart, after it");
    }

    @Override
    public void stop() {
        called("stop");
        running = "";
        called("stop, after it");
    }

    @Override
    public void reload() {
        called("reload");
    }

    private void answering() {
        if (running.isEmpty()) {
            throw new NodeException("no agent listens");
        }
    }

    @Override
    public String ready() {
        called("ready");
        answering();
        return "1.0";
    }

    @Override
    public Map<String, String> abilities() {
        called("abilities");
        answering();
        return Map.of("cgroup", "v2", "seccomp", "true");
    }

    @Override
    public void tryPod() {
        called("try a pod");
        answering();
        if (running.equals(brokenBuild)) {
            throw new NodeException("the pod ended with code 1");
        }
        called("try a pod, after it");
    }

    @Override
    public int pods() {
        answering();
        return pods;
    }

    @Override
    public boolean runsUs() {
        answering();
        return false;
    }

    @Override
    public void removePods() {
        called("remove pods");
        answering();
        pods = 0;
    }

    @Override
    public View view() {
        called("view");
        return new View(true, false, runtime, "v1.36.3", "beat");
    }

    @Override
    public void cordon(boolean unschedulable) {
        throw new UnsupportedOperationException("an installation moves no pods");
    }

    @Override
    public List<Tenant> tenants() {
        throw new UnsupportedOperationException("an installation moves no pods");
    }

    @Override
    public boolean evict(Tenant tenant) {
        throw new UnsupportedOperationException("an installation moves no pods");
    }

    @Override
    public void event(String reason, String message, boolean warning) {
        called("event");
        events.add(reason);
    }

    @Override
    public void condition(boolean healthy, String reason, String message) {
        called("condition");
        conditions++;
        condition = Optional.of(healthy);
    }

    @Override
    public void removeCondition() {
        called("remove the condition");
        condition = Optional.empty();
    }

    @Override
    public Map<String, String> labels() {
        called("labels");
        return Map.copyOf(labels);
    }

    @Override
    public void label(Map<String, Optional<String>> changes) {
        called("label");
        changes.forEach((name, value) ->
                value.ifPresentOrElse(text -> labels.put(name, text), () -> labels.remove(name)));
    }

    @Override
    public void await(String what, Duration atMost, BooleanSupplier condition) {
        if (!condition.getAsBoolean()) {
            throw new NodeException("waited in vain for " + what);
        }
    }
}
