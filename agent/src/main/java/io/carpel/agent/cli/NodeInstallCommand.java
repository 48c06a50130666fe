package io.carpel.agent.cli;

import io.carpel.agent.cli.install.Distribution;
import io.carpel.agent.cli.install.InstallParts;
import io.carpel.agent.cli.install.NodeInstall;
import io.carpel.agent.cli.install.NodeInstall.Outcome;
import io.carpel.agent.cli.install.NodeWatch;
import io.carpel.agent.cli.node.NodeApi;
import io.carpel.agent.cli.node.NodeException;
import io.carpel.agent.cli.node.SwitchJournal;
import io.carpel.agent.config.BuildInfo;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `carpel node install`.
@Command(
        name = "install",
        description = {
            "Put this distribution on the node, and start its agent.",
            "It goes to /opt/carpel, with configuration and unit. When the agent answers, a pod is run to"
                    + " try it, and the node is labelled with what its host can do. When a step fails,"
                    + " everything is put back as it was. Pods of an agent that is there already live on.",
            "What has been done is written to disk: interrupted at any point, even by a power cut, the"
                    + " same command goes on.",
            "The node gets the labels carpel.io/installed, carpel.io/ready and feature.carpel.io/..., the"
                    + " condition CarpelHealthy, and an event for each step. The label carpel.io/runtime is"
                    + " `active` while its kubelet uses Carpel, which this command does not change: see"
                    + " `carpel node switch`."
        },
        exitCodeListHeading = "Exit status:%n",
        exitCodeList = {
            "0:The agent of this distribution runs.",
            "1:It does not; everything is as it was, or standard error says what is not.",
            "2:Wrong usage."
        })
final class NodeInstallCommand extends NodeCommand.Verb {
    /// Trying again at once what has just failed would only disturb the node.
    private static final Duration RETRY = Duration.ofMinutes(5);

    @Mixin private InstallPlace target = new InstallPlace();

    @Option(
            names = "--from",
            paramLabel = "<directory>",
            description =
                    "The distribution to install, as deploy/dist makes it. Default: the one that this"
                            + " command belongs to.")
    private Optional<Path> from = Optional.empty();

    @Option(
            names = "--config",
            paramLabel = "<file>",
            description =
                    "Configuration to install as /etc/carpel/config.toml. One that was changed on the"
                            + " node is kept beside it. Default: leave the one that is there.")
    private Optional<Path> config = Optional.empty();

    @Option(
            names = "--start-timeout",
            paramLabel = "<seconds>",
            description = "How long the agent may take to answer. Default: 120.")
    private long startTimeout = 120;

    @Option(
            names = "--watch",
            description =
                    "Stay: look at the agent's health again and again and tell the cluster, and install"
                            + " the configuration again when its file changes.")
    private boolean watch;

    @Option(
            names = "--interval",
            paramLabel = "<seconds>",
            description = "How often to look. Default: 30.")
    private long interval = 30;

    @Option(
            names = "--ready-file",
            paramLabel = "<file>",
            description =
                    "A file here that exists while the agent is healthy, for probes. While it is not,"
                            + " <file>.trouble says why.")
    private Optional<Path> readyFile = Optional.empty();

    @Option(
            names = "--switch-selector",
            paramLabel = "<label>=<value>",
            description =
                    "With --watch: do what `carpel node switch` does as soon as the node has this label."
                            + " A switch that failed is not tried again.")
    private String switchSelector = "";

    private final CountDownLatch never = new CountDownLatch(1);
    private boolean switchFailed;

    @Override
    int work(KubernetesClient client) throws IOException {
        if (interval < 1 || startTimeout < 1) {
            throw new CliException(
                    "--interval and --start-timeout are at least 1", CarpelCommand.USAGE);
        }
        if (!switchSelector.isEmpty() && !switchSelector.matches("[^=]+=[^=]*")) {
            throw new CliException(
                    "--switch-selector '%s' is not of the form label=value"
                            .formatted(switchSelector),
                    CarpelCommand.USAGE);
        }
        Distribution distribution = Distribution.at(from.orElseGet(Distribution::own));
        InstallParts parts = target.parts(place, client, err());
        var install = new NodeInstall(parts, distribution, Duration.ofSeconds(startTimeout));
        var health = new NodeWatch(parts, version(), readyFile, System::nanoTime);
        if (watch) {
            return stay(client, install, health);
        }
        Outcome outcome = once(parts, install);
        if (!outcome.done()) {
            health.failed(outcome.failure());
            throw new CliException("the installation failed and was undone: " + outcome.failure());
        }
        if (!health.look()) {
            throw new CliException("the agent is installed, but not healthy");
        }
        out().println(
                        "node %s has carpel %s%s"
                                .formatted(
                                        place.nodeName(),
                                        version(),
                                        outcome.changed() ? "" : " already"));
        return 0;
    }

    private Outcome once(InstallParts parts, NodeInstall install) throws IOException {
        Optional<String> text = configuration();
        parts.service().require();
        try (Closeable _ = place.journal().lock()) {
            return install.run(text);
        } finally {
            parts.tidy();
        }
    }

    /// The text to install, after it has been found to be right.
    private Optional<String> configuration() {
        return config.map(file -> {
            InstallPlace.load(file);
            try {
                return Files.readString(file, StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new NodeException("cannot read " + file + ": " + e.getMessage(), e);
            }
        });
    }

    private int stay(KubernetesClient client, NodeInstall install, NodeWatch health)
            throws IOException {
        InstallParts parts = target.parts(place, client, err());
        String failedWith = "";
        long failedAt = 0;
        while (true) {
            String wanted = configurationOrNothing();
            boolean rest =
                    failedWith.equals("tried " + wanted)
                            && System.nanoTime() - failedAt < RETRY.toNanos();
            if (!rest) {
                failedWith = round(parts, install, health) ? "" : "tried " + wanted;
                failedAt = System.nanoTime();
            }
            if (failedWith.isEmpty() && switched(client)) {
                out().println("node %s was switched".formatted(place.nodeName()));
                return 0;
            }
            try {
                if (never.await(interval, TimeUnit.SECONDS)) {
                    throw new IllegalStateException("nobody counts down");
                }
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
                return 0;
            }
        }
    }

    /// @return whether what shall be installed is
    private boolean round(InstallParts parts, NodeInstall install, NodeWatch health)
            throws IOException {
        try {
            Outcome outcome = once(parts, install);
            if (outcome.done()) {
                health.look();
            } else {
                health.failed("the installation failed and was undone: " + outcome.failure());
            }
            return outcome.done();
        } catch (NodeException e) {
            health.failed(String.valueOf(e.getMessage()));
            return false;
        }
    }

    private String configurationOrNothing() {
        try {
            return configuration().orElse("");
        } catch (NodeException _) {
            return "";
        }
    }

    /// Switches when the node's label asks for it.
    ///
    /// @return whether it was done just now: then this pod of the old runtime is no longer
    ///   anybody's
    private boolean switched(KubernetesClient client) throws IOException {
        if (switchSelector.isEmpty() || switchFailed) {
            return false;
        }
        String[] selector = switchSelector.split("=", 2);
        NodeApi node = place.api(client);
        String endpoint = "unix://" + InstallPlace.listen(place.root);
        try (Closeable _ = place.journal().lock()) {
            boolean open =
                    place.journal()
                            .read()
                            .filter(journal -> journal.phase() != SwitchJournal.Phase.DONE)
                            .isPresent();
            if (!open
                    && (!selector[1].equals(node.labels().get(selector[0]))
                            || place.files().endpoint().stream().anyMatch(endpoint::equals))) {
                return false;
            }
            var outcome = place.nodeSwitch(client, err()).run(endpoint);
            switchFailed = !outcome.done();
            return outcome.done();
        } catch (NodeException e) {
            // Said once; the label stays and the next start of this command tries again.
            err().println("cannot switch: " + e.getMessage());
            switchFailed = true;
            return false;
        }
    }

    private static String version() {
        return BuildInfo.load().version();
    }
}
