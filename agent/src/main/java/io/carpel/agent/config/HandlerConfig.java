package io.carpel.agent.config;

import io.carpel.agent.config.AgentConfig.Setting;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// What the files say about one runtime handler.
public final class HandlerConfig {
    private final String name;
    private final Map<ConfigKey<?>, Setting> settings;

    HandlerConfig(String name, Map<ConfigKey<?>, Setting> settings) {
        this.name = name;
        this.settings = Map.copyOf(settings);
    }

    public String name() {
        return name;
    }

    /// The value of a key of [HandlerKeys#ALL]; its default when no file sets it.
    @SuppressWarnings("unchecked")
    public <T> T get(ConfigKey<T> key) {
        Setting setting = settings.get(key);
        return setting == null ? key.fallback() : (T) setting.value();
    }

    /// The keys that a file sets, in their usual order.
    List<ConfigKey<?>> set() {
        List<ConfigKey<?>> keys = new ArrayList<>(HandlerKeys.ALL);
        keys.retainAll(settings.keySet());
        return keys;
    }

    /// What the files say, a line for each key.
    public String toml() {
        StringBuilder text = new StringBuilder();
        for (ConfigKey<?> key : set()) {
            text.append(key.leaf()).append(" = ").append(toml(key)).append('\n');
        }
        return text.toString();
    }

    /// Where a key is set: `/etc/carpel/config.toml:12`, or `default`.
    public String origin(ConfigKey<?> key) {
        Setting setting = settings.get(key);
        return setting == null ? "default" : setting.origin();
    }

    <T> String toml(ConfigKey<T> key) {
        return key.type().toToml(get(key));
    }
}
