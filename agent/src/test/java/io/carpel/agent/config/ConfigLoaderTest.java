package io.carpel.agent.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.agent.translate.Handler;
import io.carpel.agent.translate.Handlers;
import io.carpel.runtime.spec.ProfileSpec;
import io.carpel.runtime.spec.RemapSpec;
import io.carpel.runtime.spec.RlimitSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ConfigLoaderTest {
    @TempDir Path dir = Path.of("");

    private Path file = Path.of("");

    @BeforeEach
    void setUp() throws IOException {
        file = dir.resolve("config.toml");
        Files.createDirectory(dir.resolve("config.toml.d"));
    }

    private AgentConfig load(Map<String, String> flags, Map<String, String> environment) {
        return new ConfigLoader(environment).load(file, flags);
    }

    private AgentConfig load(String text) throws IOException {
        Files.writeString(file, text);
        return load(Map.of(), Map.of());
    }

    @Test
    void parametersOfPodsAreThoseOfTheirNamespaces() throws IOException {
        assertThat(RuntimeSettings.of(load("")).containers().sysctls())
                .containsOnly(
                        Map.entry("net.ipv4.ip_unprivileged_port_start", "0"),
                        Map.entry("net.ipv4.ping_group_range", "0 2147483647"));
        AgentConfig own =
                load("pod.sysctls = [\"net.core.somaxconn=1\", \"net.core.somaxconn=a=b\"]\n");
        assertThat(RuntimeSettings.of(own).containers().sysctls())
                .containsOnly(Map.entry("net.core.somaxconn", "a=b"));
        for (String bad : List.of("kernel.core_pattern=x", "net.core.somaxconn", "net.a=b\tc")) {
            assertThatThrownBy(() -> load("pod.sysctls = [\"%s\"]\n".formatted(bad)))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining("pod.sysctls");
        }
    }

    @Test
    void laterSourcesReplaceEarlierOnesAndSayWhereTheyAre() throws IOException {
        Files.writeString(
                file,
                """
                run-dir = "/a"
                state-dir = "/a"

                [log]
                level = "debug"
                format = "json"
                """);
        Path first = dir.resolve("config.toml.d/10-first.toml");
        Path second = dir.resolve("config.toml.d/20-second.toml");
        Files.writeString(second, "state-dir = \"/second\"\n");
        Files.writeString(first, "state-dir = \"/first\"\nlog.level = \"warn\"\n");
        Files.writeString(dir.resolve("config.toml.d/30-not-read.bak"), "nonsense");

        AgentConfig config = load(Map.of("--log-format", "text"), Map.of());

        assertThat(config.get(ConfigKeys.RUN_DIR)).isEqualTo(Path.of("/a"));
        assertThat(config.origin(ConfigKeys.RUN_DIR)).isEqualTo(file + ":1");
        assertThat(config.get(ConfigKeys.STATE_DIR)).isEqualTo(Path.of("/second"));
        assertThat(config.origin(ConfigKeys.STATE_DIR)).isEqualTo(second + ":1");
        assertThat(config.get(ConfigKeys.LOG_LEVEL)).isEqualTo(ConfigKeys.LogLevel.WARN);
        assertThat(config.origin(ConfigKeys.LOG_LEVEL)).isEqualTo(first + ":2");
        assertThat(config.get(ConfigKeys.LOG_FORMAT)).isEqualTo(ConfigKeys.LogFormat.TEXT);
        assertThat(config.origin(ConfigKeys.LOG_FORMAT)).isEqualTo("--log-format");
        assertThat(config.get(ConfigKeys.SHM_SIZE)).isEqualTo(64L << 20);
        assertThat(config.origin(ConfigKeys.SHM_SIZE)).isEqualTo("default");
    }

    @Test
    void environmentStandsBetweenFileAndFlag() throws IOException {
        Files.writeString(file, "registries-conf = \"/file\"");
        Map<String, String> environment = Map.of("CONTAINERS_REGISTRIES_CONF", "/environment");

        AgentConfig config = load(Map.of(), environment);
        assertThat(config.get(ConfigKeys.REGISTRIES_CONF)).contains(Path.of("/environment"));
        assertThat(config.origin(ConfigKeys.REGISTRIES_CONF))
                .isEqualTo("$CONTAINERS_REGISTRIES_CONF");
        assertThat(
                        load(Map.of("--registries-conf", "/flag"), environment)
                                .get(ConfigKeys.REGISTRIES_CONF))
                .contains(Path.of("/flag"));
    }

    @Test
    void everyKindOfValueIsRead() throws IOException {
        AgentConfig config =
                load(
                        """
                        pid-file = ""
                        ready-notify = false
                        cni.bin-dir = ["/x", "/y"]
                        [pod]
                        shm-size = 1024
                        missing-mount-source = "refuse"
                        [image]
                        max-parallel-downloads = 7
                        stall-timeout = "1500ms"
                        """);
        assertThat(config.get(ConfigKeys.PID_FILE)).isEqualTo(Optional.empty());
        assertThat(config.get(ConfigKeys.READY_NOTIFY)).isFalse();
        assertThat(config.get(ConfigKeys.CNI_BIN_DIR))
                .isEqualTo(List.of(Path.of("/x"), Path.of("/y")));
        assertThat(config.get(ConfigKeys.SHM_SIZE)).isEqualTo(1024L);
        assertThat(config.get(ConfigKeys.MISSING_SOURCE))
                .isEqualTo(ConfigKeys.MissingSource.REFUSE);
        assertThat(config.get(ConfigKeys.MAX_DOWNLOADS)).isEqualTo(7);
        assertThat(config.get(ConfigKeys.STALL_TIMEOUT)).isEqualTo(Duration.ofMillis(1500));
        assertThat(load(Map.of("--cni-bin-dir", "/p,/q"), Map.of()).get(ConfigKeys.CNI_BIN_DIR))
                .isEqualTo(List.of(Path.of("/p"), Path.of("/q")));
    }

    @Test
    void unknownKeyNamesFileLineAndTheProbableOne() {
        assertThatThrownBy(() -> load("\n# comment\nrun-dri = \"/x\"\n"))
                .isInstanceOf(ConfigException.class)
                .hasMessage(file + ":3: unknown key 'run-dri', did you mean 'run-dir'?");
        assertThatThrownBy(() -> load("[log]\nlevel = \"info\"\ncolour = true\n"))
                .hasMessageStartingWith(file + ":3: unknown key 'log.colour'");
        assertThatThrownBy(() -> load("text = '''\n[log]\nx = 1\n'''\n[logs]\nlevel = \"info\"\n"))
                .hasMessageStartingWith(file + ":1: unknown key 'text'");
        assertThatThrownBy(() -> load("listen = '/a'\n\n[logs]\nlevel = \"info\"\n"))
                .hasMessageStartingWith(file + ":3: unknown key 'logs'");
    }

    @Test
    void textWithinValuesIsNoKey() {
        assertThatThrownBy(() ->
                        load(
                                """
                                [cni]
                                bin-dir = [
                                  "/a", # conf-dir = "/b"
                                  "/c = d",
                                ]
                                conf-dir = 5
                                """))
                .hasMessage(file + ":6: cni.conf-dir = 5: wanted a string, not a number");
    }

    @Test
    void wrongValuesNameKeyValueAndWhatIsWanted() {
        assertThatThrownBy(() -> load("[image]\nmax-parallel-downloads = \"three\""))
                .hasMessage(
                        file
                                + ":2: image.max-parallel-downloads = \"three\": wanted a whole"
                                + " number from 1 to 64, not a string");
        assertThatThrownBy(() -> load("[image]\nmax-parallel-downloads = 65"))
                .hasMessageContaining("whole number from 1 to 64");
        assertThatThrownBy(() -> load("run-dir = \"relative\""))
                .hasMessage(file + ":1: run-dir = \"relative\": wanted an absolute path");
        assertThatThrownBy(() -> load("pod.shm-size = \"64 parsecs\""))
                .hasMessageContaining("wanted a size such as \"64MiB\"");
        assertThatThrownBy(() -> load("pod.shm-size = \"99999999TiB\""))
                .hasMessageContaining("does not fit");
        assertThatThrownBy(() -> load("log.level = \"loud\""))
                .hasMessageContaining("wanted one of trace, debug, info, warn, error");
        assertThatThrownBy(() -> load("instance = \"Not_Good\""))
                .hasMessageContaining("up to 8 lower-case letters and digits");
        assertThatThrownBy(() -> load(Map.of("--ready-notify", "yes"), Map.of()))
                .isInstanceOf(ConfigException.class);
    }

    @Test
    void brokenTomlNamesTheLine() {
        assertThatThrownBy(() -> load("run-dir = \"/a\"\nstate-dir = = 2\n"))
                .hasMessageStartingWith(file + ":2: not valid TOML");
        assertThatThrownBy(() -> load("run-dir = \"/a\"\nrun-dir = \"/b\"\n"))
                .hasMessageStartingWith(file + ":2: not valid TOML: Duplicate key");
    }

    @Test
    void aNamedFileMustExist() {
        assertThatThrownBy(() -> load(Map.of(), Map.of()))
                .hasMessage("cannot read " + file + ": no such file");
    }

    @Test
    void theDefaultFileSaysWhatTheDefaultsAre() throws IOException {
        String uncommented = ConfigText.defaultFile().replaceAll("(?m)^#(?=[a-z-]+ = )", "");
        AgentConfig config = load(uncommented);
        for (ConfigKey<?> key : ConfigKeys.ALL) {
            assertThat(config.get(key)).as(key.name()).isEqualTo(key.fallback());
            assertThat(config.origin(key)).as(key.name()).startsWith(file + ":");
        }
    }

    @Test
    void handlersAreReadFromTheirTables() throws IOException {
        Files.writeString(
                dir.resolve("config.toml.d/10-more.toml"),
                "[handlers.remap]\nids-per-pod = 1000\n[handlers.other]\n");
        AgentConfig config =
                load(
                        """
                        [handlers.remap]
                        user-namespace = true
                        ids-per-pod = 10
                        [handlers.strict]
                        default-capabilities = []
                        default-seccomp = "/etc/strict.json"
                        shm-size = "1MiB"
                        rlimits = ["NOFILE=1024:4096", "CORE=0:-1"]
                        """);
        assertThat(config.handlers())
                .extracting(HandlerConfig::name)
                .containsExactly("other", "remap", "strict");
        HandlerConfig remap = config.handlers().get(1);
        assertThat(remap.get(HandlerKeys.USER_NAMESPACE)).isTrue();
        assertThat(remap.origin(HandlerKeys.USER_NAMESPACE)).isEqualTo(file + ":2");
        assertThat(remap.get(HandlerKeys.IDS_PER_POD)).isEqualTo(1000);
        assertThat(remap.get(HandlerKeys.SHM_SIZE)).isEmpty();
        Handlers handlers = HandlerSettings.of(config);
        assertThat(handlers.asked("h", "remap").remap()).contains(new RemapSpec("carpel", 1000));
        Handler strict = handlers.asked("h", "strict");
        assertThat(strict.remap()).isEmpty();
        assertThat(strict.capabilities()).contains(List.of());
        assertThat(strict.seccomp())
                .isEqualTo(new ProfileSpec(ProfileSpec.Kind.LOCALHOST, "/etc/strict.json"));
        assertThat(strict.shmSize()).contains(1L << 20);
        assertThat(strict.rlimits())
                .containsExactly(
                        new RlimitSpec("RLIMIT_NOFILE", 1024, 4096),
                        new RlimitSpec("RLIMIT_CORE", 0, -1));
        assertThat(handlers.asked("h", "other"))
                .isEqualTo(handlers.asked("h", "other"))
                .extracting(Handler::seccomp)
                .isEqualTo(ProfileSpec.unconfined());
        assertThat(ConfigText.effective(config))
                .contains("[handlers.remap]\nuser-namespace = true  # " + file + ":2\n")
                .contains("rlimits = [\"NOFILE=1024:4096\", \"CORE=0:-1\"]");
    }

    @Test
    void whatIsWrongInAHandlerHasFileAndLine() {
        assertThatThrownBy(() -> load("[handlers.a]\n\nuser-namespaces = true\n"))
                .hasMessage(
                        file
                                + ":3: unknown key 'handlers.a.user-namespaces', did you mean"
                                + " 'user-namespace'?");
        assertThatThrownBy(() -> load("[handlers.a]\nuser-namespace = \"yes\"\n"))
                .hasMessage(
                        file
                                + ":2: handlers.a.user-namespace = \"yes\": wanted true or false,"
                                + " not a string");
        assertThatThrownBy(() -> load("run-dir = \"/x\"\n[handlers.A_b]\n"))
                .hasMessageStartingWith(file + ":2: handler 'A_b'");
        assertThatThrownBy(() -> load("\nhandlers = { a = { shm-size = \"big\" } }\n"))
                .hasMessageStartingWith(file + ":2: handlers.a.shm-size = \"big\": wanted a size");
        assertThatThrownBy(() -> load("[handlers]\na = 5\n"))
                .hasMessage(file + ":2: handlers.a: wanted a table [handlers.a]");
        assertThatThrownBy(() -> load("handlers = 5\n"))
                .hasMessageStartingWith(file + ":1: handlers: wanted tables");
        assertThatThrownBy(() -> load("[handlers.a]\nrlimits = [\"FILES=1:2\"]\n"))
                .hasMessageContaining("wanted a limit such as NOFILE=1024:524288");
        assertThatThrownBy(
                        () -> HandlerSettings.of(load("[handlers.a]\nrlimits = [\"CORE=-1:2\"]\n")))
                .hasMessage(
                        file
                                + ":2: handlers.a.rlimits: CORE=-1:2: the soft limit is above the"
                                + " hard one");
    }

    @Test
    void theTemplateOfAHandlerCanBeUsed() throws IOException {
        String text = ConfigText.defaultFile();
        String template =
                text.substring(text.indexOf("#     [handlers.NAME]"))
                        .replaceAll("(?m)^#( {5})?", "")
                        .replace("NAME]", "mine]");
        AgentConfig config = load(template);
        HandlerConfig mine = config.handlers().getFirst();
        assertThat(mine.set()).isEqualTo(HandlerKeys.ALL);
        for (ConfigKey<?> key : HandlerKeys.ALL) {
            if (!(key.fallback() instanceof Optional<?>)) {
                assertThat(mine.get(key)).as(key.name()).isEqualTo(key.fallback());
            }
            assertThat(key.leaf()).matches("[a-z]+(-[a-z]+)*");
            assertThat(key.description()).endsWith(".");
        }
        assertThat(HandlerSettings.of(config).names()).containsExactly("mine");
    }

    @Test
    void aShareIsANumberFromZeroToOne() throws IOException {
        for (String valid : List.of("0", "1", "0.25", "1.0", "1e-3")) {
            assertThat(load("traces.sampling = " + valid).get(ConfigKeys.TRACES_SAMPLING))
                    .isEqualTo(Double.parseDouble(valid));
        }
        assertThat(load("traces.sampling = 1e-3").toml(ConfigKeys.TRACES_SAMPLING))
                .isEqualTo("0.001");
        for (String wrong : List.of("1.5", "-0.1", "\"1\"", "nan", "inf", "true")) {
            assertThatThrownBy(() -> load("traces.sampling = " + wrong))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining("traces.sampling")
                    .hasMessageContaining("wanted a number from 0 to 1");
        }
        for (String wrong : List.of("127.0.0.1:4318", "ftp://a", "http://", "http://a b")) {
            assertThatThrownBy(() -> load("traces.endpoint = \"" + wrong + "\""))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining("traces.endpoint");
        }
    }

    @Test
    void keysAreUniqueAndInKebabCase() {
        assertThat(ConfigKeys.ALL).extracting(ConfigKey::flag).doesNotHaveDuplicates();
        assertThat(ConfigKeys.ALL)
                .allSatisfy(key -> {
                    assertThat(key.name()).matches("[a-z]+(-[a-z]+)*(\\.[a-z]+(-[a-z]+)*)?");
                    assertThat(key.description()).endsWith(".");
                });
    }
}
