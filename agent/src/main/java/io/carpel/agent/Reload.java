package io.carpel.agent;

import io.carpel.agent.config.AgentConfig;
import io.carpel.agent.config.ConfigException;
import io.carpel.agent.config.ConfigKey;
import io.carpel.agent.config.ConfigKeys;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Takes up a changed configuration while the agent runs: what can change at once does, and the log
/// names what waits for the next start. Files that others keep (CNI lists, certificates) need no
/// word: they are looked at whenever they are used.
final class Reload {
    private static final Logger LOG = LoggerFactory.getLogger(Reload.class);

    /// What changes at once.
    private static final Set<ConfigKey<?>> AT_ONCE =
            Set.of(ConfigKeys.LOG_LEVEL, ConfigKeys.LOG_FORMAT, ConfigKeys.LOG_FILE);

    private final Supplier<AgentConfig> source;
    private final Consumer<AgentConfig> logging;
    private final AgentConfig started;
    private AgentConfig current;

    /// @param current in effect
    /// @param source reads files, variables and flags again
    /// @param logging sets logging up; opens the log file anew, as log rotation wants
    Reload(AgentConfig current, Supplier<AgentConfig> source, Consumer<AgentConfig> logging) {
        this.started = current;
        this.current = current;
        this.source = source;
        this.logging = logging;
    }

    /// Reads the configuration again. One that is not valid changes nothing.
    synchronized void run() {
        AgentConfig next;
        try {
            next = source.get();
            logging.accept(next);
        } catch (ConfigException e) {
            LOG.error("configuration not taken up, the old one stays: {}", e.getMessage());
            return;
        }
        List<String> taken = new ArrayList<>();
        List<String> waiting = new ArrayList<>();
        for (ConfigKey<?> key : ConfigKeys.ALL) {
            String value = next.toml(key);
            if (AT_ONCE.contains(key) && !current.toml(key).equals(value)) {
                taken.add(key.name() + " = " + value);
            } else if (!AT_ONCE.contains(key) && !started.toml(key).equals(value)) {
                waiting.add(key.name() + " = " + value);
            }
        }
        LOG.info("configuration read again: {}", taken.isEmpty() ? "nothing changed" : taken);
        if (!waiting.isEmpty()) {
            LOG.warn("takes effect at the next start: {}", waiting);
        }
        current = next;
    }
}
