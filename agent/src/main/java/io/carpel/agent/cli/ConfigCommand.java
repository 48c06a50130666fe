package io.carpel.agent.cli;

import io.carpel.agent.config.AgentConfig;
import io.carpel.agent.config.ConfigLoader;
import io.carpel.agent.config.ConfigText;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `carpel config`: what can be configured and what is.
@Command(name = "config", description = "Show and check the configuration.")
final class ConfigCommand implements Runnable {
    @Spec private CommandSpec spec = CommandSpec.create();

    static CommandLine create() {
        CommandLine show = new CommandLine(new Show());
        ServeCommand.addKeys(show.getCommandSpec());
        return new CommandLine(new ConfigCommand())
                .addSubcommand(new Check())
                .addSubcommand(new Default())
                .addSubcommand(show);
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "check, default or show is missing");
    }

    @Command(
            name = "default",
            description = "Print the default configuration file, every key with its description.")
    static final class Default implements Runnable {
        @Spec private CommandSpec spec = CommandSpec.create();

        @Override
        public void run() {
            spec.commandLine().getOut().print(ConfigText.defaultFile());
            spec.commandLine().getOut().flush();
        }
    }

    @Command(
            name = "check",
            description = {
                "Say whether an agent would start with a configuration: each mistake in it, and each"
                        + " file it names that cannot be used. Exit code 0 when there is none.",
                "Run it before a restart, or before SIGHUP. Nothing is changed, and no agent is"
                        + " asked. Flags of `carpel serve` are not known here."
            })
    static final class Check implements Callable<Integer> {
        @Spec private CommandSpec spec = CommandSpec.create();

        @Parameters(
                arity = "0..1",
                paramLabel = "<file>",
                description =
                        "Configuration file, read with its drop-ins <file>.d/*.toml. Default:"
                                + " /etc/carpel/config.toml, which may be missing.")
        private Optional<Path> file = Optional.empty();

        @Override
        public Integer call() {
            AgentConfig config = new PlainServe(file, Map.of()).load();
            List<String> problems = ConfigCheck.problems(config);
            if (!problems.isEmpty()) {
                throw new CliException(String.join("\ncarpel: ", problems));
            }
            PrintWriter out = spec.commandLine().getOut();
            out.println("%s: no mistake found".formatted(file.orElse(ConfigLoader.DEFAULT_FILE)));
            out.flush();
            return 0;
        }
    }

    @Command(
            name = "show",
            abbreviateSynopsis = true,
            description = "Print the values in effect, each with its origin; fails as serve would.")
    static final class Show implements Runnable {
        @Spec private CommandSpec spec = CommandSpec.create();

        @Option(
                names = "--config",
                paramLabel = "<file>",
                description = "Configuration file. Default: /etc/carpel/config.toml.")
        private Optional<Path> file = Optional.empty();

        @Override
        public void run() {
            spec.commandLine().getOut().print(ConfigText.effective(ServeCommand.load(spec, file)));
            spec.commandLine().getOut().flush();
        }
    }
}
