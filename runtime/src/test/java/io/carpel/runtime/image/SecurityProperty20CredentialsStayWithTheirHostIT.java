package io.carpel.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.image.content.Digest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Credentials go to the registry they are for and to no other host, log or message.
@Timeout(120)
final class SecurityProperty20CredentialsStayWithTheirHostIT {
    private static final RegistryCredentials CANARY =
            RegistryCredentials.basic("canary-user", "canary-secret-4711");

    @RegisterExtension final RegistryExtension registry = new RegistryExtension();

    private FaultyProxy proxy;
    private TestStore images;

    @BeforeEach
    void look() {
        proxy = registry.proxy();
        images = registry.images();
    }

    private TestImage push(int layers) {
        TestImage made = new TestImage();
        for (int i = 0; i < layers; i++) {
            made.layer(new TestTar().file("f" + i, 0644, "content"), TestImage.Packing.GZIP);
        }
        made.push(registry.address(), "app", "v1");
        return made;
    }

    private String ref() {
        return proxy.address() + "/app:v1";
    }

    private static boolean isLayer(String path, TestImage image) {
        return image.blobs().stream().anyMatch(blob -> path.endsWith("/blobs/" + Digest.of(blob)));
    }

    /// The registry again, with the same content, asking for a password.
    private void protect() throws Exception {
        Path passwords = registry.directory().resolve("htpasswd");
        // What `htpasswd -nbB` makes of "canary-secret-4711".
        Files.writeString(
                passwords,
                "canary-user:$2y$05$445hxTdkw2HGENqHVLM6rO/YVZFRllIgEB8BtSgytTgrfBx30d3aG\n");
        registry.restart("auth:\n  htpasswd:\n    realm: test\n    path: " + passwords);
        look();
    }

    private void authFile(String host, String password) throws IOException {
        String auth =
                Base64.getEncoder()
                        .encodeToString(
                                ("canary-user:" + password).getBytes(StandardCharsets.UTF_8));
        Files.writeString(
                registry.directory().resolve("auth.json"),
                "{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}".formatted(host, auth));
    }

    @Test
    void aRealRegistryLetsInWhoKnowsThePassword() throws Exception {
        TestImage made = push(2);
        protect();
        assertThatThrownBy(() -> images.pull(ref()))
                .isInstanceOf(FailedPreconditionException.class)
                .hasMessageContaining(proxy.address())
                .hasMessageContaining("denies access");
        assertThatThrownBy(() ->
                        images.pull(ref(), RegistryCredentials.basic("canary-user", "canary-no")))
                .isInstanceOf(FailedPreconditionException.class)
                .hasMessageContaining("denies access")
                .message()
                .doesNotContain("canary");
        assertThat(images.store().list()).isEmpty();
        assertThat(images.pull(ref(), CANARY).id()).isEqualTo(made.id());
    }

    @Test
    void authJsonServesRequestsWithoutCredentialsOnly() throws Exception {
        TestImage made = push(1);
        protect();
        authFile("other.example.com", "canary-secret-4711");
        assertThatThrownBy(() -> images.pull(ref()))
                .isInstanceOf(FailedPreconditionException.class);
        assertThat(proxy.requests).noneMatch(r -> r.headers().containsKey("authorization"));
        authFile(proxy.address() + "/app", "canary-secret-4711");
        assertThatThrownBy(() ->
                        images.pull(ref(), RegistryCredentials.basic("canary-user", "canary-no")))
                .as("the request's own credentials count, even when the file's would do")
                .isInstanceOf(FailedPreconditionException.class);
        assertThat(images.pull(ref()).id()).isEqualTo(made.id());
        authFile(proxy.address(), "canary-wrong");
        assertThatThrownBy(() -> images.pull(ref()))
                .isInstanceOf(FailedPreconditionException.class)
                .message()
                .doesNotContain("canary");
    }

    /// Credentials go to the registry that asked, and nowhere else.
    @Test
    void redirectsCarryNoCredentials() throws IOException {
        TestImage made = push(1);
        try (FaultyProxy elsewhere = new FaultyProxy(registry.address())) {
            proxy.script((path, _) -> {
                var headers = proxy.requests.getLast().headers();
                if (!headers.containsKey("authorization")) {
                    return new FaultyProxy.Fault.Answer(
                            401, Map.of("WWW-Authenticate", "Basic realm=\"r\""), new byte[0]);
                }
                return isLayer(path, made)
                        ? new FaultyProxy.Fault.Answer(
                                307,
                                Map.of("Location", "http://" + elsewhere.address() + path),
                                new byte[0])
                        : new FaultyProxy.Fault.None();
            });
            images.puller()
                    .pull(
                            new PullRequest(
                                    ref(),
                                    Optional.of(CANARY),
                                    PullProgress.NONE,
                                    new Cancellation()));
            assertThat(elsewhere.requests).isNotEmpty();
            assertThat(elsewhere.requests).noneMatch(r -> r.headers().containsKey("authorization"));
        }
    }

    @Test
    void secretsAreInNoMessage() {
        push(1);
        proxy.script((_, _) ->
                new FaultyProxy.Fault.Answer(
                        401,
                        Map.of("WWW-Authenticate", "Basic realm=\"r\""),
                        "canary-secret-4711".getBytes(StandardCharsets.UTF_8)));
        PullRequest request =
                new PullRequest(ref(), Optional.of(CANARY), PullProgress.NONE, new Cancellation());
        assertThat(request.toString()).doesNotContain("canary");
        assertThatThrownBy(() -> images.puller().pull(request))
                .isInstanceOf(FailedPreconditionException.class)
                .hasMessageContaining("denies access")
                .message()
                .doesNotContain("canary");
        PullRequest other =
                new PullRequest(
                        ref(),
                        Optional.of(
                                new RegistryCredentials(
                                        "canary-user", "p", "", "", "", "other.example.com")),
                        PullProgress.NONE,
                        new Cancellation());
        proxy.requests.clear();
        assertThatThrownBy(() -> images.puller().pull(other))
                .isInstanceOf(FailedPreconditionException.class);
        assertThat(proxy.requests).noneMatch(r -> r.headers().containsKey("authorization"));
    }

    /// With tokens: the token service gets the login, the registry gets only the token.
    @Test
    void bearerTokensAreFetchedForThisRepositoryOnly() {
        TestImage made = push(1);
        proxy.script((path, _) -> {
            var headers = proxy.requests.getLast().headers();
            if (path.startsWith("/token")) {
                return new FaultyProxy.Fault.Answer(
                        200,
                        Map.of("content-type", "application/json"),
                        "{\"token\":\"t0k3n\"}".getBytes(StandardCharsets.UTF_8));
            }
            return "Bearer t0k3n".equals(headers.get("authorization"))
                    ? new FaultyProxy.Fault.None()
                    : new FaultyProxy.Fault.Answer(
                            401,
                            Map.of(
                                    "WWW-Authenticate",
                                    "Bearer realm=\"http://%s/token\",service=\"s v\",scope=\"repository:other:push\""
                                            .formatted(proxy.address())),
                            new byte[0]);
        });
        Image image =
                images.puller()
                        .pull(
                                new PullRequest(
                                        ref(),
                                        Optional.of(CANARY),
                                        PullProgress.NONE,
                                        new Cancellation()));
        assertThat(image.id()).isEqualTo(made.id());
        var tokens = proxy.requests.stream().filter(r -> r.path().startsWith("/token")).toList();
        assertThat(tokens).hasSize(1);
        assertThat(tokens.getFirst().path())
                .isEqualTo("/token?service=s+v&scope=repository%3Aapp%3Apull");
        assertThat(tokens.getFirst().headers().get("authorization")).startsWith("Basic ");
    }
}
