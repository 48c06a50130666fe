package io.carpel.agent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.agent.config.AgentConfig;
import io.carpel.agent.config.ConfigKeys;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/// What a user sees: exit codes, one line per mistake, results and errors on their own streams.
final class CommandLineTest {
    @TempDir Path dir = Path.of("");

    private final List<AgentConfig> served = new ArrayList<>();
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        CommandLine root =
                CarpelCommand.create((config, _) -> {
                    served.add(config);
                    return 7;
                });
        root.setOut(new PrintWriter(out, true));
        root.setErr(new PrintWriter(err, true));
        return root.execute(args);
    }

    @Test
    void withoutCommandOrWithAWrongOne() {
        assertThat(run()).isEqualTo(CarpelCommand.USAGE);
        assertThat(err.toString()).startsWith("carpel: a command is missing");
        assertThat(run("versoin")).isEqualTo(CarpelCommand.USAGE);
        assertThat(err.toString()).contains("Did you mean").contains("carpel version");
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void everyCommandHasHelp() {
        help(CarpelCommand.create((_, _) -> 0), List.of());
    }

    private void help(CommandLine command, List<String> words) {
        List<String> args = new ArrayList<>(words);
        args.add("--help");
        assertThat(run(args.toArray(String[]::new))).as("%s", args).isZero();
        assertThat(out.toString()).startsWith("Usage: " + command.getCommandSpec().qualifiedName());
        command.getSubcommands()
                .forEach((name, inner) -> {
                    List<String> deeper = new ArrayList<>(words);
                    deeper.add(name);
                    help(inner, deeper);
                });
    }

    @Test
    void serveHandsOverTheConfiguration() throws IOException {
        Path file = dir.resolve("c.toml");
        Files.writeString(file, "instance = \"a\"\nrun-dir = \"/from/file\"\n");
        assertThat(run("serve", "--config", file.toString(), "--instance", "b")).isEqualTo(7);
        assertThat(served).hasSize(1);
        assertThat(served.getFirst().get(ConfigKeys.INSTANCE)).isEqualTo("b");
        assertThat(served.getFirst().get(ConfigKeys.RUN_DIR)).isEqualTo(Path.of("/from/file"));
    }

    @Test
    void serveRefusesWhatItDoesNotUnderstand() throws IOException {
        Path file = dir.resolve("c.toml");
        Files.writeString(file, "\ninstanse = \"a\"\n");
        assertThat(run("serve", "--config", file.toString())).isEqualTo(CarpelCommand.FAILED);
        assertThat(err.toString())
                .isEqualTo(
                        "carpel: "
                                + file
                                + ":2: unknown key 'instanse', did you mean 'instance'?\n");
        assertThat(run("serve", "--lisen", "/x")).isEqualTo(CarpelCommand.USAGE);
        assertThat(err.toString()).contains("--lisen").contains("--listen");
        assertThat(run("serve", "--log-level", "loud")).isEqualTo(CarpelCommand.FAILED);
        assertThat(err.toString())
                .isEqualTo(
                        "carpel: --log-level: log.level = \"loud\": wanted one of trace, debug,"
                                + " info, warn, error\n");
        assertThat(served).isEmpty();
    }

    @Test
    void configShowTellsWhereValuesComeFrom() throws IOException {
        Path file = dir.resolve("c.toml");
        Files.writeString(file, "[log]\nlevel = \"warn\"\n");
        assertThat(run("config", "show", "--config", file.toString(), "--instance=x")).isZero();
        assertThat(out.toString())
                .contains("level = \"warn\"  # " + file + ":2\n")
                .contains("instance = \"x\"  # --instance\n")
                .contains("run-dir = \"/run/carpel\"  # default\n");
    }

    @Test
    void configCheckNamesEveryMistake() throws IOException {
        Path file = dir.resolve("c.toml");
        Files.writeString(file, "[log]\nlevel = \"warn\"\n");
        assertThat(run("config", "check", file.toString())).isZero();
        assertThat(out.toString()).isEqualTo(file + ": no mistake found\n");
        Path rules = dir.resolve("registries.conf");
        Files.writeString(rules, "[[registry]]\nlocation = \n");
        Files.writeString(
                file,
                """
                registries-conf = "%s"
                log.file = "%s/none/log"
                stream.tls-cert = "/cert"
                security.default-capabilities = ["SYS_NOTHING"]
                [handlers.odd]
                default-seccomp = "%s/no.json"
                rlimits = ["NOFILE=9:2"]
                """
                        .formatted(rules, dir, dir));
        assertThat(run("config", "check", file.toString())).isEqualTo(CarpelCommand.FAILED);
        assertThat(err.toString().lines())
                .hasSize(6)
                .allMatch(line -> line.startsWith("carpel: "))
                .anyMatch(line -> line.contains("SYS_NOTHING"))
                .anyMatch(line -> line.contains("handlers.odd.rlimits"))
                .anyMatch(line -> line.contains("stream.tls-key"))
                .anyMatch(line -> line.contains(dir + "/no.json cannot be read"))
                .anyMatch(line -> line.contains("no directory " + dir + "/none"))
                .anyMatch(line -> line.contains(rules + " is not TOML"));
        Files.writeString(file, "log.level = \"loud\"\n");
        assertThat(run("config", "check", file.toString())).isEqualTo(CarpelCommand.FAILED);
        assertThat(err.toString()).contains(file + ":1: log.level");
        assertThat(run("config", "check", dir + "/none.toml")).isEqualTo(CarpelCommand.FAILED);
    }

    @Test
    void clientsSayWhenNoAgentIsThere() throws IOException {
        Path socket = dir.resolve("none.sock");
        assertThat(run("version", "--connect", socket.toString())).isEqualTo(CarpelCommand.FAILED);
        assertThat(out.toString()).startsWith("client  carpel ");
        assertThat(err.toString())
                .startsWith("carpel: no agent listens at " + socket + ": no such socket");
        Files.createFile(socket);
        assertThat(run("version", "--connect", socket.toString())).isEqualTo(CarpelCommand.FAILED);
        assertThat(err.toString())
                .startsWith("carpel: no agent answers at " + socket + ": ")
                .hasLineCount(1);
    }

    @Test
    void runSaysWhatIsWrongWithTheManifest() throws IOException {
        Path pod = dir.resolve("pod.yaml");
        Files.writeString(pod, "apiVersion: v1\nkind: Pod\nmetadata: {nmae: x}\n");
        assertThat(run("run", pod.toString())).isEqualTo(RunCommand.NOT_RUN);
        assertThat(err.toString())
                .isEqualTo(
                        "carpel: "
                                + pod
                                + ":3: metadata.nmae: unknown field, did you mean 'name'?\n");
        assertThat(run("run", dir.resolve("none.yaml").toString())).isEqualTo(RunCommand.NOT_RUN);
        assertThat(err.toString()).endsWith("none.yaml: no such file\n").hasLineCount(1);
        assertThat(run("run", "--rm", "--detach", pod.toString())).isEqualTo(CarpelCommand.USAGE);
    }

    @Test
    void rmNeedsToBeToldWhat() {
        assertThat(run("rm")).isEqualTo(CarpelCommand.USAGE);
        assertThat(err.toString()).startsWith("carpel: name a pod, or --all");
        assertThat(run("rm", "--all", "x")).isEqualTo(CarpelCommand.USAGE);
    }
}
