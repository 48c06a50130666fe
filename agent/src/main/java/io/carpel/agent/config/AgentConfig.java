package io.carpel.agent.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The configuration in effect: a value for each of [ConfigKeys#ALL] and where it comes from.
public final class AgentConfig {
    /// A value and its source, such as `default`, `/etc/carpel/config.toml:12`, `--log-level`.
    record Setting(Object value, String origin) {}

    private final Map<ConfigKey<?>, Setting> settings;
    private final List<HandlerConfig> handlers;

    AgentConfig(Map<ConfigKey<?>, Setting> settings, List<HandlerConfig> handlers) {
        this.settings = Map.copyOf(settings);
        this.handlers = List.copyOf(handlers);
    }

    /// Only defaults.
    public static AgentConfig defaults() {
        Map<ConfigKey<?>, Setting> settings = new LinkedHashMap<>();
        for (ConfigKey<?> key : ConfigKeys.ALL) {
            settings.put(key, new Setting(key.fallback(), "default"));
        }
        return new AgentConfig(settings, List.of());
    }

    /// The value of a key. The cast holds because [ConfigType] alone makes values.
    @SuppressWarnings("unchecked")
    public <T> T get(ConfigKey<T> key) {
        return (T) setting(key).value();
    }

    /// Where the value of a key comes from.
    public String origin(ConfigKey<?> key) {
        return setting(key).origin();
    }

    /// The value of a key as the file would write it.
    public <T> String toml(ConfigKey<T> key) {
        return key.type().toToml(get(key));
    }

    /// The runtime handlers besides the default one, by name.
    public List<HandlerConfig> handlers() {
        return handlers;
    }

    private Setting setting(ConfigKey<?> key) {
        Setting setting = settings.get(key);
        if (setting == null) {
            throw new IllegalArgumentException("undeclared key " + key.name());
        }
        return setting;
    }
}
