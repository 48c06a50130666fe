package io.carpel.runtime.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// With programs that stand for the parser; the real one needs a kernel with AppArmor.
final class AppArmorParserTest {
    @TempDir Path directory;

    private AppArmorParser parser(String script) throws IOException {
        Path program = directory.resolve("apparmor_parser");
        Files.writeString(program, "#!/bin/sh\n" + script);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
        return new AppArmorParser(List.of(directory.resolve("nowhere"), directory));
    }

    @Test
    void theProfileIsItsInputAndOurEnvironmentStaysHere() throws IOException {
        Path seen = directory.resolve("seen");
        parser("{ echo \"$@\"; /bin/cat; /usr/bin/env; } >" + seen).load("profile x {}\n");
        assertThat(Files.readString(seen))
                .startsWith("--replace --skip-cache\nprofile x {}\n")
                .doesNotContain("JAVA_HOME", "HOME=", "USER=");
    }

    @Test
    void whatItSaysComesBackBounded() throws IOException {
        AppArmorParser parser =
                parser("echo 'syntax  error'; /bin/cat >/dev/null; /usr/bin/seq 100000; exit 3");
        assertThatThrownBy(() -> parser.load("nonsense"))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("apparmor_parser ended with 3: syntax error 1 2 3")
                .satisfies(e -> assertThat(String.valueOf(e.getMessage())).hasSizeLessThan(600));
    }

    @Test
    void oneThatReadsNothingIsNoProblem() throws IOException {
        AppArmorParser parser = parser("exit 0");
        assertThatCode(() -> parser.load("profile x {}\n")).doesNotThrowAnyException();
    }

    @Test
    void oneThatIsMissingIsNamed() {
        assertThatThrownBy(() -> new AppArmorParser(List.of(directory)).load("profile x {}\n"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("apparmor_parser is not installed");
    }
}
