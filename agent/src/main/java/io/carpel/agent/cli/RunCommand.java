package io.carpel.agent.cli;

import io.carpel.agent.cli.PodRunner.Containers;
import io.carpel.agent.cli.PodRunner.Started;
import io.carpel.agent.cli.manifest.ManifestException;
import io.carpel.agent.cli.manifest.ManifestReader;
import io.carpel.agent.cli.manifest.NodeFacts;
import io.carpel.agent.cli.manifest.PodManifest;
import io.carpel.cri.ContainerStatus;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `carpel run`: an ordinary Pod manifest, on this node, through the CRI socket.
@Command(
        name = "run",
        description = {
            "Run a Kubernetes Pod manifest on this node: pull its images, start it, pass its logs on,"
                    + " and end with the exit code of its containers.",
            "A field that is not supported is refused by name. A missing restartPolicy means Never, a"
                    + " missing dnsPolicy Default, a missing imagePullPolicy IfNotPresent."
        },
        exitCodeListHeading = "Exit status:%n",
        exitCodeList = {
            "0:All containers ended with 0.",
            "124:The time of --timeout or activeDeadlineSeconds was up.",
            "125:The pod could not be run; one line on standard error says why.",
            "130:Stopped by the user.",
            "other:The exit code of the first container, in the order of the file, that failed."
        })
final class RunCommand implements Callable<Integer> {
    static final int TIMED_OUT = 124;
    static final int NOT_RUN = 125;
    static final int STOPPED = 130;

    private static final long DEFAULT_GRACE_SECONDS = 30;

    /// What a clean stop may take beyond the containers' grace.
    private static final long STOP_MARGIN_SECONDS = 20;

    @Spec private CommandSpec spec = CommandSpec.create();
    @Mixin private Connection connection = new Connection();

    @Parameters(paramLabel = "POD.yaml", description = "The manifest, YAML or JSON.")
    private Path file = Path.of("");

    @Option(names = "--rm", description = "Remove the pod, its logs and its emptyDirs at the end.")
    private boolean remove;

    @Option(
            names = {"-d", "--detach"},
            description = "Print the pod's id once all containers run, and leave it running.")
    private boolean detach;

    @Option(
            names = "--timeout",
            paramLabel = "<seconds>",
            description = "Stop the pod after so long.")
    private Optional<Long> timeout = Optional.empty();

    @Option(
            names = {"-q", "--quiet"},
            description = "No progress on standard error.")
    private boolean quiet;

    @Override
    public Integer call() throws IOException {
        if (detach && remove) {
            throw new CliException("--detach and --rm exclude each other", CarpelCommand.USAGE);
        }
        try {
            PodManifest manifest = ManifestReader.read(file);
            try (CriClient client = connection.open()) {
                return new Run(client, manifest).execute();
            }
        } catch (ManifestException e) {
            throw new CliException(String.valueOf(e.getMessage()), NOT_RUN);
        } catch (StatusRuntimeException e) {
            throw new CliException(CriClient.explain(e, connection.path().toString()), NOT_RUN);
        } catch (CliException e) {
            throw new CliException(String.valueOf(e.getMessage()), NOT_RUN);
        }
    }

    /// One run, from the images to the end.
    private final class Run {
        private final CriClient client;
        private final PodManifest manifest;
        private final RunReport report = new RunReport(spec.commandLine().getErr(), quiet);
        private final CountDownLatch interrupted = new CountDownLatch(1);
        private final CountDownLatch finished = new CountDownLatch(1);
        private final Duration grace;
        private final String uid = UUID.randomUUID().toString();

        Run(CriClient client, PodManifest manifest) {
            this.client = client;
            this.manifest = manifest;
            this.grace =
                    Duration.ofSeconds(
                            Optional.ofNullable(manifest.spec().getTerminationGracePeriodSeconds())
                                    .orElse(DEFAULT_GRACE_SECONDS));
        }

        int execute() throws IOException {
            NodeProbe probe = new NodeProbe(client);
            boolean userNamespace = Boolean.FALSE.equals(manifest.spec().getHostUsers());
            NodeFacts node = probe.facts(uid, userNamespace);
            PodCleaner cleaner = new PodCleaner(client, probe.podsDirectory());
            PodRunner runner =
                    new PodRunner(
                            client,
                            manifest,
                            node,
                            new ImageFetcher(client, spec.commandLine().getErr(), quiet),
                            report);
            runner.fetchImages();
            Thread hook = Thread.ofPlatform().name("stop").unstarted(this::stopOnSignal);
            Runtime.getRuntime().addShutdownHook(hook);
            try {
                return inPod(runner, cleaner);
            } finally {
                finished.countDown();
            }
        }

        private int inPod(PodRunner runner, PodCleaner cleaner) throws IOException {
            String sandbox;
            try {
                sandbox = runner.runSandbox();
            } catch (StatusRuntimeException | ManifestException e) {
                cleaner.removeFiles(uid);
                throw e;
            }
            boolean keep = false;
            try (PodWatch watch = watch()) {
                int code = inSandbox(runner, sandbox, watch, cleaner);
                keep = !remove;
                return code;
            } finally {
                if (!keep) {
                    cleaner.stop(sandbox, grace);
                    cleaner.remove(sandbox, uid);
                }
            }
        }

        private int inSandbox(
                PodRunner runner, String sandbox, PodWatch watch, PodCleaner cleaner) {
            Containers containers = runner.containers(sandbox);
            try {
                Optional<ContainerStatus> failed = containers.init(watch);
                if (failed.isPresent()) {
                    report.warn("init " + describe(failed.get()));
                    cleaner.stop(sandbox, grace);
                    return failed.get().getExitCode();
                }
                List<Started> main = containers.main(watch);
                if (detach) {
                    spec.commandLine().getOut().println(sandbox);
                    return 0;
                }
                int code = result(watch.awaitEnd(main));
                end(containers, watch, cleaner, sandbox);
                return code;
            } catch (PodWatch.Stopped stop) {
                report.say(stop.late() ? "time is up, stopping the pod" : "stopping the pod");
                end(containers, watch, cleaner, sandbox);
                return stop.late() ? TIMED_OUT : STOPPED;
            }
        }

        private void end(
                Containers containers, PodWatch watch, PodCleaner cleaner, String sandbox) {
            cleaner.stop(sandbox, grace);
            containers.all().forEach(watch::finish);
        }

        private PodWatch watch() {
            Optional<Duration> bound =
                    timeout.or(() ->
                                    Optional.ofNullable(manifest.spec().getActiveDeadlineSeconds()))
                            .map(Duration::ofSeconds);
            return new PodWatch(
                    client,
                    System.out,
                    System.err,
                    manifest.containers().size() > 1,
                    interrupted,
                    bound);
        }

        private int result(List<ContainerStatus> ends) {
            int code = 0;
            for (ContainerStatus end : ends) {
                if (end.getExitCode() != 0) {
                    report.warn(describe(end));
                    code = code == 0 ? end.getExitCode() : code;
                }
            }
            return code;
        }

        private static String describe(ContainerStatus end) {
            String message = end.getMessage().isEmpty() ? "" : ": " + end.getMessage();
            return "container %s ended with code %d (%s)%s"
                    .formatted(
                            end.getMetadata().getName(),
                            end.getExitCode(),
                            end.getReason(),
                            message);
        }

        /// The main thread does the work of stopping; the JVM must only wait for it.
        private void stopOnSignal() {
            interrupted.countDown();
            try {
                boolean done =
                        finished.await(grace.toSeconds() + STOP_MARGIN_SECONDS, TimeUnit.SECONDS);
                if (!done) {
                    report.warn("the pod could not be stopped in time");
                }
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
