package io.carpel.agent.cli;

import io.carpel.agent.config.AgentConfig;
import io.carpel.agent.config.ConfigKey;
import io.carpel.agent.config.ConfigKeys;
import io.carpel.agent.config.ConfigText;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `carpel serve`: the agent, in the foreground. Its flags are the configuration's keys.
@Command(
        name = "serve",
        abbreviateSynopsis = true,
        description = {
            "Run the agent in the foreground until SIGTERM. Containers outlive it: a new agent finds"
                    + " them again.",
            "SIGHUP reads the configuration again: the log's level, format and file, the runtime"
                    + " handlers with what they fall back to, how images are pulled and which are"
                    + " pinned, and where devices and missing mount sources come from change at"
                    + " once, for what is made from then on; the log names what waits for the next"
                    + " start. A configuration that is not valid changes nothing: `carpel config"
                    + " check` says so beforehand."
        })
final class ServeCommand implements Callable<Integer> {
    private final AgentLauncher launcher;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--config",
            paramLabel = "<file>",
            description =
                    "Configuration file; its drop-ins are <file>.d/*.toml. Default:"
                            + " /etc/carpel/config.toml when it exists.")
    private Optional<Path> file = Optional.empty();

    private ServeCommand(AgentLauncher launcher) {
        this.launcher = launcher;
    }

    static CommandLine create(AgentLauncher launcher) {
        CommandLine command = new CommandLine(new ServeCommand(launcher));
        addKeys(command.getCommandSpec());
        return command;
    }

    /// Adds a flag per key, for `serve` and for `config show`.
    static void addKeys(CommandSpec spec) {
        for (ConfigKey<?> key : ConfigKeys.ALL) {
            spec.addOption(
                    OptionSpec.builder(key.flag())
                            .paramLabel("<" + key.type().label() + ">")
                            .type(String.class)
                            .arity("1")
                            .description(
                                    ConfigText.describe(key).replace("%", "%%")
                                            + " Default: "
                                            + key.fallbackToml())
                            .build());
        }
    }

    /// The configuration that the given flags make.
    static AgentConfig load(CommandSpec spec, Optional<Path> file) {
        Map<String, String> flags = new LinkedHashMap<>();
        for (ConfigKey<?> key : ConfigKeys.ALL) {
            String value = spec.findOption(key.flag()).getValue();
            if (value != null) {
                flags.put(key.flag(), value);
            }
        }
        return new PlainServe(file, flags).load();
    }

    @Override
    public Integer call() {
        return launcher.serve(load(spec, file), () -> load(spec, file));
    }
}
