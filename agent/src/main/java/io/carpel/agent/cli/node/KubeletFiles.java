package io.carpel.agent.cli.node;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// The files of a host in which its kubelet is told which runtime to use.
///
/// A flag wins over the configuration, so all files with the flag are changed, and the
/// configuration only where there is no flag: a unit or its drop-ins, the variables of kubeadm
/// (`kubeadm-flags.env`) and of the distributions (`/etc/default/kubelet`,
/// `/etc/sysconfig/kubelet`). From 1.32 on kubeadm keeps the endpoint in `instance-config.yaml`
/// beside the configuration, and writes it into that again with each upgrade: there it is changed
/// too. So it is for images where the kubelet is told an endpoint of their own, and for those files
/// of the directory `--config-dir` that name one: they are laid over the configuration, the last
/// one wins.
public final class KubeletFiles {
    private static final List<String> FLAG_FILES =
            List.of(
                    "usr/lib/systemd/system/kubelet.service",
                    "etc/systemd/system/kubelet.service",
                    "var/lib/kubelet/kubeadm-flags.env",
                    "etc/default/kubelet",
                    "etc/sysconfig/kubelet");

    private static final String INSTANCE = "instance-config.yaml";

    private static final List<String> DROP_IN_DIRECTORIES =
            List.of(
                    "usr/lib/systemd/system/kubelet.service.d",
                    "etc/systemd/system/kubelet.service.d");

    private final Path root;
    private final Path configuration;

    /// @param root the host's root directory
    /// @param configuration the kubelet's configuration file, as the host names it
    public KubeletFiles(Path root, Path configuration) {
        this.root = root;
        this.configuration = below(configuration.toString());
    }

    /// A file and its text before and after a change.
    public record Change(String path, String before, String after) {}

    /// The endpoint in effect, when a file names one. A kubelet that is told nothing takes
    /// containerd's.
    public Optional<String> endpoint() {
        Optional<String> last = Optional.empty();
        for (Path file : flagFiles()) {
            Optional<String> flag = EndpointForm.FLAG.read(read(file));
            last = flag.isPresent() ? flag : last;
        }
        if (last.isPresent()) {
            return last;
        }
        return configurations().stream()
                .flatMap(file -> EndpointForm.KEY.read(read(file)).stream())
                .reduce((_, later) -> later);
    }

    /// What has to change for the kubelet to use this endpoint; nothing is written yet.
    public List<Change> plan(String endpoint) {
        List<Change> changes = new ArrayList<>();
        boolean flagged = false;
        for (Path file : flagFiles()) {
            String text = read(file);
            flagged |= EndpointForm.FLAG.read(text).isPresent();
            addIfNew(changes, file, text, EndpointForm.FLAG.write(text, endpoint));
        }
        if (Files.exists(configuration)) {
            String text = read(configuration);
            addIfNew(
                    changes,
                    configuration,
                    text,
                    flagged
                            ? EndpointForm.KEY.writeImages(text, endpoint)
                            : EndpointForm.KEY.write(text, endpoint));
        } else if (!flagged) {
            throw new NodeException(
                    "no place found that tells the kubelet its runtime: no flag"
                            + " --container-runtime-endpoint in its unit or variables, and no"
                            + " configuration at "
                            + configuration
                            + " (name it with --kubelet-config)");
        }
        Path instance = configuration.resolveSibling(INSTANCE);
        if (Files.exists(instance)) {
            String text = read(instance);
            addIfNew(changes, instance, text, EndpointForm.KEY.write(text, endpoint));
        }
        for (Path file : configurationDropIns()) {
            String text = read(file);
            addIfNew(
                    changes,
                    file,
                    text,
                    EndpointForm.KEY.read(text).isPresent()
                            ? EndpointForm.KEY.write(text, endpoint)
                            : EndpointForm.KEY.writeImages(text, endpoint));
        }
        return changes;
    }

    /// Where the kubelet's configuration comes from, each file on top of those before it.
    private List<Path> configurations() {
        List<Path> files = new ArrayList<>();
        if (Files.exists(configuration)) {
            files.add(configuration);
        }
        files.addAll(configurationDropIns());
        return files;
    }

    private List<Path> configurationDropIns() {
        Optional<String> directory =
                flagFiles().stream()
                        .flatMap(file -> EndpointForm.configurationDirectory(read(file)).stream())
                        .reduce((_, later) -> later);
        return directory.map(name -> confFiles(below(name))).orElse(List.of());
    }

    private static void addIfNew(List<Change> changes, Path file, String before, String after) {
        if (!after.equals(before)) {
            changes.add(new Change(file.toString(), before, after));
        }
    }

    /// Writes the changed texts; what has been written already is left alone.
    public static void apply(List<Change> changes) {
        for (Change change : changes) {
            replace(change.path(), change.before(), change.after());
        }
    }

    /// Puts the first texts back. A file that somebody else has changed since is not touched.
    public static void undo(List<Change> changes) {
        for (Change change : changes.reversed()) {
            replace(change.path(), change.after(), change.before());
        }
    }

    private static void replace(String path, String from, String to) {
        Path file = Path.of(path);
        String now = read(file);
        if (now.equals(to)) {
            return;
        }
        if (!now.equals(from)) {
            throw new NodeException(
                    path
                            + " has been changed by somebody else since; put its endpoint right by hand");
        }
        DurableFile.write(file, to);
    }

    private List<Path> flagFiles() {
        List<Path> files = new ArrayList<>();
        for (String name : FLAG_FILES) {
            Path file = below(name);
            if (Files.isRegularFile(file)) {
                files.add(file);
            }
        }
        DROP_IN_DIRECTORIES.forEach(name -> files.addAll(confFiles(below(name))));
        return files;
    }

    private static List<Path> confFiles(Path directory) {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> found = Files.list(directory)) {
            return found.filter(file -> file.toString().endsWith(".conf")).sorted().toList();
        } catch (IOException e) {
            throw new NodeException("cannot list " + directory + ": " + e.getMessage(), e);
        }
    }

    private Path below(String name) {
        return root.resolve(name.startsWith("/") ? name.substring(1) : name);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new NodeException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }
}
