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
import io.carpel.agent.config.HandlerSettings;
import io.carpel.agent.translate.Handler;
import io.carpel.agent.translate.Handlers;
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
    private final List<AgentConfig> served = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();
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
        reload = new Reload(load(), this::load, applied::add, _ -> problems);
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
        write("[log]\nlevel = \"debug\"\n[bridge]\nname = \"br1\"\n");
        assertThat(applied).hasSize(1);
        assertThat(applied.getFirst().get(ConfigKeys.LOG_LEVEL))
                .isEqualTo(ConfigKeys.LogLevel.DEBUG);
        assertThat(said())
                .containsExactly(
                        "configuration read again: [log.level = \"debug\"]; takes effect at the next"
                                + " start: [bridge.name = \"br1\"]");
    }

    @Test
    void whatWaitsIsSaidEachTimeUntilItIsTakenBack() throws IOException {
        write("[bridge]\nname = \"br1\"\n");
        write("[bridge]\nname = \"br1\"\n");
        assertThat(said())
                .containsExactly(
                        "configuration read again: nothing changed; takes effect at the next"
                                + " start: [bridge.name = \"br1\"]");
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
                        },
                        _ -> problems);
        refused.serving(next -> () -> served.add(next));
        refused.run();
        assertThat(said())
                .containsExactly(
                        "configuration not taken up, the old one stays:"
                                + " log.file: cannot append to /x");
        assertThat(served).isEmpty();
    }

    @Test
    void handlersAndPullsChangeAtOnce() throws IOException {
        reload.serving(next -> () -> served.add(next));
        write(
                """
                [image]
                stall-timeout = "9s"
                pinned = ["registry.test/app:1"]
                [security]
                default-capabilities = ["CHOWN"]
                [pod]
                shm-size = "1MiB"
                missing-mount-source = "refuse"
                [cdi]
                spec-dirs = ["/etc/devices"]
                [handlers.batch]
                default-seccomp = "unconfined"
                [handlers.small]
                """);
        assertThat(said())
                .containsExactly(
                        "configuration read again: [security.default-capabilities = [\"CHOWN\"],"
                                + " pod.shm-size = \"1MiB\", pod.missing-mount-source = \"refuse\","
                                + " cdi.spec-dirs = [\"/etc/devices\"],"
                                + " image.stall-timeout = \"9s\","
                                + " image.pinned = [\"registry.test/app:1\"],"
                                + " handlers.batch is new, handlers.small is new]");
        Handlers handlers = HandlerSettings.of(served.getLast());
        for (String name : List.of("", "batch")) {
            Handler handler = handlers.asked("runtime_handler", name);
            assertThat(handler.shmSize()).contains(1L << 20);
            assertThat(handler.capabilities()).contains(List.of("CHOWN"));
        }
        write("[handlers.batch]\ndefault-seccomp = \"runtime-default\"\n");
        assertThat(said())
                .containsExactly(
                        "configuration read again: [security.default-capabilities = "
                                + ConfigKeys.DEFAULT_CAPABILITIES.fallbackToml()
                                + ", pod.shm-size = \"64MiB\", pod.missing-mount-source = \"create\","
                                + " cdi.spec-dirs = [\"/etc/cdi\", \"/var/run/cdi\"],"
                                + " image.stall-timeout = \"1m\", image.pinned = [],"
                                + " handlers.batch, handlers.small is gone]");
        assertThat(served).hasSize(2);
        assertThat(served.getLast().handlers()).hasSize(1);
    }

    @Test
    void whatTheAgentRefusesChangesNothing() throws IOException {
        reload.serving(_ -> {
            throw new ConfigException("handlers.batch contradicts itself");
        });
        write("[log]\nlevel = \"debug\"\n");
        assertThat(applied).isEmpty();
        assertThat(said())
                .containsExactly(
                        "configuration not taken up, the old one stays: handlers.batch contradicts"
                                + " itself");
    }

    /// SIGHUP may come before the agent serves.
    @Test
    void anAgentThatServesLaterIsToldTheLastOne() throws IOException {
        write("[handlers.batch]\n");
        reload.serving(next -> () -> served.add(next));
        assertThat(served).hasSize(1);
        assertThat(served.getFirst().handlers()).hasSize(1);
    }

    @Test
    void filesThatPullsGoByAreLookedAt() throws IOException {
        problems.add("/x/registries.conf is not TOML");
        write("");
        assertThat(said())
                .containsExactly(
                        "configuration read again: nothing changed",
                        "pulls will fail: /x/registries.conf is not TOML");
    }
}
