package io.carpel.agent.cli;

import io.carpel.agent.config.ConfigText;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `carpel config`: what can be configured and what is.
@Command(name = "config", description = "Show the configuration.")
final class ConfigCommand implements Runnable {
    @Spec private CommandSpec spec = CommandSpec.create();

    static CommandLine create() {
        CommandLine show = new CommandLine(new Show());
        ServeCommand.addKeys(show.getCommandSpec());
        return new CommandLine(new ConfigCommand())
                .addSubcommand(new Default())
                .addSubcommand(show);
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "default or show is missing");
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
