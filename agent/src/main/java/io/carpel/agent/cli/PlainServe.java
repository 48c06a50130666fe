package io.carpel.agent.cli;

import io.carpel.agent.config.AgentConfig;
import io.carpel.agent.config.ConfigException;
import io.carpel.agent.config.ConfigKeys;
import io.carpel.agent.config.ConfigLoader;
import io.carpel.agent.log.Journal;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// `carpel serve` with nothing but whole flags and their values, as service managers start it.
///
/// The command line's parser takes a quarter of the time in which the agent starts, and as much
/// memory as all sandboxes. It is asked about everything that is not plain: help, mistakes,
/// repetitions.
///
/// @param flags flag (with its dashes) → value
public record PlainServe(Optional<Path> file, Map<String, String> flags) {
    private static final String FILE = "--config";

    public PlainServe {
        flags = Map.copyOf(flags);
    }

    /// Empty when the parser is to look at the arguments.
    public static Optional<PlainServe> of(String... args) {
        if (args.length == 0 || !args[0].equals("serve")) {
            return Optional.empty();
        }
        Set<String> known =
                ConfigKeys.ALL.stream().map(key -> key.flag()).collect(Collectors.toSet());
        known.add(FILE);
        Map<String, String> flags = new LinkedHashMap<>();
        for (int at = 1; at < args.length; at++) {
            int equals = args[at].indexOf('=');
            String flag = equals < 0 ? args[at] : args[at].substring(0, equals);
            String value =
                    equals >= 0
                            ? args[at].substring(equals + 1)
                            : ++at < args.length ? args[at] : "";
            boolean plain = !value.isEmpty() && !value.startsWith("-") && !value.startsWith("@");
            if (!plain || !known.contains(flag) || flags.put(flag, value) != null) {
                return Optional.empty();
            }
        }
        Optional<Path> file = Optional.ofNullable(flags.remove(FILE)).map(Path::of);
        return Optional.of(new PlainServe(file, flags));
    }

    /// The configuration that file and flags make.
    ///
    /// @throws ConfigException when something is wrong with it
    AgentConfig load() {
        ConfigLoader loader = new ConfigLoader(System.getenv());
        return file.map(path -> loader.load(path.toAbsolutePath(), flags))
                .orElseGet(() -> loader.load(flags));
    }

    /// Runs the agent.
    ///
    /// @return the exit code of the process
    public int run(AgentLauncher launcher) {
        try {
            return launcher.serve(load(), this::load);
        } catch (ConfigException e) {
            System.err.println(Journal.errorMark() + "carpel: " + e.getMessage());
            return CarpelCommand.FAILED;
        }
    }
}
