package io.carpel.agent.cli;

import io.carpel.agent.config.AgentConfig;
import io.carpel.agent.config.ConfigLoader;
import io.carpel.agent.config.RuntimeSettings;
import io.carpel.agent.control.WorkProtocol;
import io.carpel.cri.RuntimeCondition;
import io.carpel.cri.StatusRequest;
import io.carpel.cri.VersionRequest;
import io.carpel.cri.VersionResponse;
import io.carpel.runtime.HostAccess;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.host.Finding;
import io.carpel.runtime.host.Finding.Level;
import io.carpel.runtime.host.KernelFeatures;
import io.grpc.StatusRuntimeException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// `carpel check`: what this host can do, and how a running agent is.
@Command(
        name = "check",
        description = {
            "Try what this kernel and host can do and say it in plain words, with the fix where there"
                    + " is one. Works without an agent, and tells about one that runs, pods that are"
                    + " stuck in some step included."
        },
        exitCodeListHeading = "Exit status:%n",
        exitCodeList = {
            "0:Containers can run, though something may be missing.",
            "1:Containers cannot run.",
            "2:Wrong usage."
        })
final class CheckCommand implements Callable<Integer> {
    private static final Duration DEADLINE = Duration.ofSeconds(5);

    /// The forms of the answer.
    enum Output {
        text,
        json
    }

    @Spec private CommandSpec spec = CommandSpec.create();
    @Mixin private Connection connection = new Connection();

    @Option(
            names = "--config",
            paramLabel = "<file>",
            description = "Configuration of the agent. Default: /etc/carpel/config.toml.")
    private Optional<Path> file = Optional.empty();

    @Option(
            names = {"-o", "--output"},
            paramLabel = "text|json",
            description = "Form of the answer. Default: text.")
    private Output output = Output.text;

    @Override
    public Integer call() {
        ConfigLoader loader = new ConfigLoader(System.getenv());
        AgentConfig config =
                file.map(path -> loader.load(path.toAbsolutePath(), Map.of()))
                        .orElseGet(() -> loader.load(Map.of()));
        List<Finding> findings = new ArrayList<>(host(config));
        findings.addAll(agent());
        PrintWriter out = spec.commandLine().getOut();
        switch (output) {
            case text -> findings.forEach(finding -> print(finding, out));
            case json ->
                    out.println(
                            JsonMapper.builder()
                                    .enable(SerializationFeature.INDENT_OUTPUT)
                                    .build()
                                    .writeValueAsString(findings));
        }
        out.flush();
        return findings.stream().anyMatch(finding -> finding.level() == Level.BROKEN)
                ? CarpelCommand.FAILED
                : 0;
    }

    private static List<Finding> host(AgentConfig config) {
        if (!"root".equals(System.getProperty("user.name"))) {
            throw new CliException("check tries mounts and namespaces: run it as root");
        }
        try {
            KernelFeatures features = HostAccess.probe(RuntimeSettings.of(config));
            return features.findings();
        } catch (ContainerRuntimeException e) {
            return List.of(new Finding(Level.BROKEN, "host", String.valueOf(e.getMessage()), ""));
        }
    }

    private List<Finding> agent() {
        Path socket = connection.path().toAbsolutePath();
        if (!Files.exists(socket)) {
            return List.of(new Finding(Level.GOOD, "agent", "none listens at " + socket, ""));
        }
        List<Finding> findings = new ArrayList<>();
        try (CriClient client = new CriClient(socket)) {
            VersionResponse version =
                    client.runtime(DEADLINE).version(VersionRequest.getDefaultInstance());
            findings.add(
                    new Finding(
                            Level.GOOD,
                            "agent",
                            "%s %s answers at %s"
                                    .formatted(
                                            version.getRuntimeName(),
                                            version.getRuntimeVersion(),
                                            socket),
                            ""));
            client.runtime(DEADLINE)
                    .status(StatusRequest.getDefaultInstance())
                    .getStatus()
                    .getConditionsList()
                    .forEach(condition -> findings.add(finding(condition)));
            stuck(client).forEach(findings::add);
        } catch (StatusRuntimeException e) {
            findings.add(
                    new Finding(
                            Level.DEGRADED,
                            "agent",
                            CriClient.explain(e, socket.toString()),
                            "look into its log"));
        }
        return findings;
    }

    /// What the agent does for longer than it should take.
    private static Stream<Finding> stuck(CriClient client) {
        return client.work(DEADLINE).stream()
                .filter(WorkProtocol.Pending::overdue)
                .map(work ->
                        new Finding(
                                Level.DEGRADED,
                                "%s %s".formatted(work.kind(), work.name()),
                                "%s is stuck: %s, for %d s"
                                        .formatted(work.call(), work.step(), work.seconds()),
                                ""));
    }

    private static Finding finding(RuntimeCondition condition) {
        String message =
                condition.getMessage().isEmpty()
                        ? (condition.getStatus() ? "yes" : "no")
                        : condition.getMessage();
        return new Finding(
                condition.getStatus() ? Level.GOOD : Level.DEGRADED,
                condition.getType(),
                message,
                "");
    }

    private static void print(Finding finding, PrintWriter out) {
        String mark =
                switch (finding.level()) {
                    case GOOD -> "ok      ";
                    case DEGRADED -> "missing ";
                    case BROKEN -> "BROKEN  ";
                };
        out.println(mark + finding.subject() + ": " + finding.text());
        if (!finding.fix().isEmpty()) {
            out.println("        fix: " + finding.fix());
        }
    }
}
