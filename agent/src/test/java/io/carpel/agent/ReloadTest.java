package io.carpel.agent;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.carpel.agent.config.AgentConfig;
import io.carpel.agent.config.ConfigException;
import io.carpel.agent.config.ConfigKeys;
import io.carpel.agent.config.ConfigLoader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

final class ReloadTest {
    @TempDir Path directory;

    private final List<AgentConfig> applied = new ArrayList<>();
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private Path file;
    private Reload reload;

    @BeforeEach
    void start() throws IOException {
        file = directory.resolve("config.toml");
        Files.writeString(file, "");
        log.start();
        logger().addAppender(log);
        logger().setLevel(Level.INFO);
        reload = new Reload(load(), this::load, applied::add);
    }

    @AfterEach
    void stop() {
        logger().detachAppender(log);
        logger().setLevel(null);
    }

    private static Logger logger() {
        return (Logger) LoggerFactory.getLogger(Reload.class);
    }

    private AgentConfig load() {
        return new ConfigLoader(Map.of()).load(file, Map.of());
    }

    private void write(String text) throws IOException {
        Files.writeString(file, text);
        log.list.clear();
        reload.run();
    }

    private List<String> said() {
        return log.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }

    @Test
    void theLogChangesAtOnceAndTheRestWaits() throws IOException {
        write("[log]\nlevel = \"debug\"\n[pod]\nshm-size = \"1MiB\"\n");
        assertThat(applied).hasSize(1);
        assertThat(applied.getFirst().get(ConfigKeys.LOG_LEVEL))
                .isEqualTo(ConfigKeys.LogLevel.DEBUG);
        assertThat(said())
                .containsExactly(
                        "configuration read again: [log.level = \"debug\"]",
                        "takes effect at the next start: [pod.shm-size = \"1MiB\"]");
    }

    @Test
    void whatWaitsIsSaidEachTimeUntilItIsTakenBack() throws IOException {
        write("[pod]\nshm-size = \"1MiB\"\n");
        write("[pod]\nshm-size = \"1MiB\"\n");
        assertThat(said())
                .containsExactly(
                        "configuration read again: nothing changed",
                        "takes effect at the next start: [pod.shm-size = \"1MiB\"]");
        write("");
        assertThat(said()).containsExactly("configuration read again: nothing changed");
    }

    @Test
    void oneThatIsNotValidChangesNothing() throws IOException {
        write("[log]\nlevel = \"loud\"\n");
        assertThat(applied).isEmpty();
        assertThat(said()).hasSize(1);
        assertThat(said().getFirst())
                .startsWith("configuration not taken up, the old one stays: ")
                .contains("log.level");
    }

    @Test
    void aLogFileThatCannotBeOpenedChangesNothing() {
        Reload refused =
                new Reload(
                        load(),
                        this::load,
                        _ -> {
                            throw new ConfigException("log.file: cannot append to /x");
                        });
        refused.run();
        assertThat(said())
                .containsExactly(
                        "configuration not taken up, the old one stays:"
                                + " log.file: cannot append to /x");
    }
}
