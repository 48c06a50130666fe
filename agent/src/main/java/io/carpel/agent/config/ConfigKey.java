package io.carpel.agent.config;

import java.util.Optional;

/// One option, declared once.
///
/// @param name dotted and in kebab case: the part before the last dot is the table in the file
/// @param fallback the value when no source sets it
/// @param description whole sentences, for the manual, the default file and the help alike
/// @param variable the environment variable that may set it too
public record ConfigKey<T>(
        String name,
        ConfigType<T> type,
        T fallback,
        String description,
        Optional<String> variable) {

    static <T> ConfigKey<T> of(String name, ConfigType<T> type, T fallback, String description) {
        return new ConfigKey<>(name, type, fallback, description, Optional.empty());
    }

    /// The same key, which an environment variable may set.
    ConfigKey<T> orVariable(String environment) {
        return new ConfigKey<>(name, type, fallback, description, Optional.of(environment));
    }

    /// The flag of `carpel serve`.
    public String flag() {
        return "--" + name.replace('.', '-');
    }

    /// The table in the file, empty at the top.
    public String table() {
        int dot = name.lastIndexOf('.');
        return dot < 0 ? "" : name.substring(0, dot);
    }

    /// The name within its table.
    public String leaf() {
        return name.substring(name.lastIndexOf('.') + 1);
    }

    /// The default, as the file writes it.
    public String fallbackToml() {
        return type.toToml(fallback);
    }
}
