package io.carpel.agent;

import io.carpel.agent.config.AgentConfig;
import io.carpel.agent.config.ConfigException;
import io.carpel.agent.config.ConfigKey;
import io.carpel.agent.config.ConfigKeys;
import io.carpel.agent.config.HandlerConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Takes up a changed configuration while the agent runs: what can change at once does, and the log
/// names what waits for the next start. Files that others keep (CNI lists, certificates, rules and
/// logins of registries, CDI) need no word: they are read whenever they are used.
final class Reload {
    private static final Logger LOG = LoggerFactory.getLogger(Reload.class);

    /// What changes at once, besides the handlers.
    private static final Set<ConfigKey<?>> AT_ONCE =
            Set.of(
                    ConfigKeys.LOG_LEVEL,
                    ConfigKeys.LOG_FORMAT,
                    ConfigKeys.LOG_FILE,
                    ConfigKeys.REGISTRIES_CONF,
                    ConfigKeys.MAX_DOWNLOADS,
                    ConfigKeys.STALL_TIMEOUT,
                    ConfigKeys.PINNED_IMAGES,
                    ConfigKeys.MISSING_SOURCE,
                    ConfigKeys.CDI_DIRS,
                    // What a handler falls back to.
                    ConfigKeys.DEFAULT_SECCOMP,
                    ConfigKeys.DEFAULT_CAPABILITIES,
                    ConfigKeys.SHM_SIZE,
                    ConfigKeys.SUBID_USER);

    private final Supplier<AgentConfig> source;
    private final Consumer<AgentConfig> logging;
    private final Function<AgentConfig, List<String>> look;
    private final AgentConfig started;
    private AgentConfig current;
    private Function<AgentConfig, Runnable> agent = _ -> () -> {};

    /// @param current in effect
    /// @param source reads files, variables and flags again
    /// @param logging sets logging up; opens the log file anew, as log rotation wants
    /// @param look says what is wrong with files that the configuration names and others keep
    Reload(
            AgentConfig current,
            Supplier<AgentConfig> source,
            Consumer<AgentConfig> logging,
            Function<AgentConfig, List<String>> look) {
        this.started = current;
        this.current = current;
        this.source = source;
        this.logging = logging;
        this.look = look;
    }

    /// From now on an agent serves, which was opened with the first configuration.
    ///
    /// @param prepare makes it ready for another one, and puts that into effect when told to
    synchronized void serving(Function<AgentConfig, Runnable> prepare) {
        agent = prepare;
        if (current != started) {
            agent.apply(current).run();
        }
    }

    /// Reads the configuration again. One that is not valid changes nothing.
    synchronized void run() {
        AgentConfig next;
        try {
            next = source.get();
            Runnable change = agent.apply(next);
            logging.accept(next);
            change.run();
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
        taken.addAll(changedHandlers(current, next));
        current = next;
        tell(taken, waiting);
        for (String problem : look.apply(next)) {
            LOG.error("pulls will fail: {}", problem);
        }
    }

    private static void tell(List<String> taken, List<String> waiting) {
        String changed = taken.isEmpty() ? "nothing changed" : taken.toString();
        if (waiting.isEmpty()) {
            LOG.info("configuration read again: {}", changed);
        } else {
            LOG.warn(
                    "configuration read again: {}; takes effect at the next start: {}",
                    changed,
                    waiting);
        }
    }

    private static List<String> changedHandlers(AgentConfig before, AgentConfig after) {
        Map<String, String> old = handlers(before);
        Map<String, String> now = handlers(after);
        Set<String> names = new TreeSet<>(old.keySet());
        names.addAll(now.keySet());
        List<String> changes = new ArrayList<>();
        for (String name : names) {
            if (!old.containsKey(name)) {
                changes.add("handlers." + name + " is new");
            } else if (!now.containsKey(name)) {
                changes.add("handlers." + name + " is gone");
            } else if (!old.get(name).equals(now.get(name))) {
                changes.add("handlers." + name);
            }
        }
        return changes;
    }

    private static Map<String, String> handlers(AgentConfig config) {
        Map<String, String> handlers = new TreeMap<>();
        for (HandlerConfig handler : config.handlers()) {
            handlers.put(handler.name(), handler.toml());
        }
        return handlers;
    }
}
