package io.carpel.agent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.agent.config.AgentConfig;
import io.carpel.agent.config.ConfigKey;
import io.carpel.agent.config.ConfigKeys;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PlainServeTest {
    @Test
    void readsBothFormsOfAFlag() {
        PlainServe plain =
                PlainServe.of("serve", "--listen", "/run/a=b.sock", "--log-level=debug")
                        .orElseThrow();
        assertThat(plain.flags())
                .isEqualTo(Map.of("--listen", "/run/a=b.sock", "--log-level", "debug"));
        assertThat(plain.file()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "run pod.yaml",
                "--help",
                "serve --help",
                "serve -h",
                "serve --listen",
                "serve --listen=",
                "serve --listen --log-level",
                "serve --listen /a --listen /b",
                "serve --listne /a",
                "serve @file",
                "serve --listen @file",
                "serve extra"
            })
    void leavesEverythingElseToTheParser(String line) {
        assertThat(PlainServe.of(line.split(" "))).isEmpty();
    }

    @Test
    void isEmptyWithoutArguments() {
        assertThat(PlainServe.of()).isEmpty();
    }

    @Test
    void makesTheSameConfigurationAsTheParser() {
        String[] args = {
            "serve", "--config", "/dev/null", "--listen=/tmp/x.sock", "--log-level", "warn"
        };
        List<AgentConfig> seen = new ArrayList<>();
        AgentLauncher launcher =
                (config, _) -> {
                    seen.add(config);
                    return 7;
                };
        int parsed = CarpelCommand.run(args, launcher);
        int plain = PlainServe.of(args).map(serve -> serve.run(launcher)).orElse(-1);
        assertThat(List.of(parsed, plain)).containsExactly(7, 7);
        for (ConfigKey<?> key : ConfigKeys.ALL) {
            assertThat(seen.get(1).get(key)).as(key.name()).isEqualTo(seen.get(0).get(key));
        }
    }

    @Test
    void saysWhatIsWrongAsTheParserDoes() {
        AgentLauncher never =
                (_, _) -> {
                    throw new AssertionError("started");
                };
        Optional<Integer> code =
                PlainServe.of("serve", "--log-level", "loud").map(serve -> serve.run(never));
        assertThat(code).contains(CarpelCommand.FAILED);
    }
}
