package io.carpel.runtime.image.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.FailedPreconditionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AuthFileTest {
    @TempDir Path directory;

    private Login find(String host, String content) throws IOException {
        Path file = directory.resolve("auth.json");
        Files.writeString(file, content);
        return AuthFile.find(List.of(file), new Endpoint(host, "team/app", false, false));
    }

    @Test
    void theMostSpecificKeyCounts() throws IOException {
        String content =
                """
                {"auths": {"a.io": {"auth": "YTpi"}, "a.io/team": {"auth": "YzpkOmU="}}}
                """;
        assertThat(find("a.io", content)).isEqualTo(Login.ofAuth("YzpkOmU="));
        assertThat(find("b.io", content)).isInstanceOf(Login.Anonymous.class);
    }

    @Test
    void aHelperThatWouldHaveToBeRunIsNamed() {
        for (String content :
                List.of(
                        "{\"credHelpers\": {\"a.io\": \"ecr-login\"}}",
                        "{\"credsStore\": \"ecr-login\", \"auths\": {\"a.io\": {}}}")) {
            assertThatThrownBy(() -> find("a.io", content))
                    .isInstanceOf(FailedPreconditionException.class)
                    .hasMessageContaining("auth.json names the credential helper 'ecr-login' for")
                    .hasMessageContaining("a.io: helpers are not run");
        }
    }

    @Test
    void helpersOfOthersAndLoginsBesideThemDoNoHarm() throws IOException {
        assertThat(find("b.io", "{\"credHelpers\": {\"a.io\": \"x\"}, \"credsStore\": \"y\"}"))
                .isInstanceOf(Login.Anonymous.class);
        assertThat(
                        find(
                                "a.io",
                                "{\"credsStore\": \"x\", \"auths\": {\"a.io\": {\"auth\":"
                                        + " \"YTpi\"}}}"))
                .isEqualTo(Login.ofAuth("YTpi"));
    }
}
