package io.carpel.runtime.image.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.ContainerRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AuthFileTest {
    @TempDir Path directory;

    private Login find(String host, String content) throws IOException {
        Path file = directory.resolve("auth.json");
        Files.writeString(file, content);
        CredentialHelper helper =
                new CredentialHelper(
                        List.of(directory),
                        Map.of("CLOUD", "blue", "NOTIFY_SOCKET", "/run/systemd/notify"),
                        Duration.ofSeconds(2));
        return AuthFile.find(List.of(file), new Endpoint(host, "team/app", false, false), helper)
                .orElse(new Login.Anonymous());
    }

    private void helper(String name, String script) throws IOException {
        Path program = directory.resolve("docker-credential-" + name);
        Files.writeString(program, "#!/bin/sh\n" + script);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
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
    void aHelperIsAskedForTheRegistry() throws IOException {
        helper(
                "cloud",
                """
                [ "$1" = get ] || exit 9
                [ "$CLOUD" = blue ] && [ -z "$NOTIFY_SOCKET" ] || exit 8
                echo '{"ServerURL": "x", "Username": "u", "Secret": "'"$(cat)"'"}'
                """);
        helper("token", "echo '{\"Username\": \"<token>\", \"Secret\": \"t\"}'");
        assertThat(find("a.io", "{\"credHelpers\": {\"a.io\": \"cloud\"}}"))
                .isEqualTo(new Login.Basic("u", "a.io"));
        assertThat(find("a.io", "{\"credHelpers\": {\"a.io/team\": \"cloud\"}}"))
                .isEqualTo(new Login.Basic("u", "a.io/team"));
        assertThat(find("a.io", "{\"credsStore\": \"token\", \"auths\": {\"https://a.io\": {}}}"))
                .isEqualTo(new Login.Identity("t"));
    }

    @Test
    void aHelperThatHasNothingIsNoError() throws IOException {
        helper("empty", "echo 'credentials not found in native keychain'; exit 1");
        assertThat(find("a.io", "{\"credHelpers\": {\"a.io\": \"empty\"}}"))
                .isInstanceOf(Login.Anonymous.class);
    }

    @Test
    void aHelperThatFailsIsNamedAndNoSecretIsTold() throws IOException {
        helper("broken", "echo no network >&2; exit 3");
        helper("odd", "echo s3cret");
        helper("half", "echo '{\"Username\": \"s3cret\"}'");
        helper("slow", "sleep 1000 & wait");
        for (Map.Entry<String, String> each :
                Map.of(
                                "broken", "ended with 3; it said: no network",
                                "odd", "answered no JSON",
                                "half", "answered without a Secret",
                                "slow", "did not end within 2000 ms",
                                "absent", "no program docker-credential-absent in any of",
                                "../odd", "cannot be a helper's name")
                        .entrySet()) {
            assertThatThrownBy(() ->
                            find(
                                    "a.io",
                                    "{\"credHelpers\": {\"a.io\": \"" + each.getKey() + "\"}}"))
                    .isInstanceOf(ContainerRuntimeException.class)
                    .hasMessageContaining("credential helper '" + each.getKey() + "' for a.io")
                    .hasMessageContaining("auth.json")
                    .hasMessageContaining(each.getValue())
                    .hasMessageNotContaining("s3cret");
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
