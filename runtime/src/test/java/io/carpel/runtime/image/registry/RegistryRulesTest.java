package io.carpel.runtime.image.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.FailedPreconditionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RegistryRulesTest {
    private static final String DIGEST = "sha256:" + "0".repeat(64);

    @TempDir Path directory;

    private RegistryRules rules(String toml) throws IOException {
        Path file = directory.resolve("registries.conf");
        Files.writeString(file, toml);
        return RegistryRules.load(file, directory.resolve("registries.conf.d"));
    }

    private static RepositoryName name(String domain, String path, String reference) {
        return new RepositoryName(domain, path, reference);
    }

    @Test
    void withoutRulesTheNameIsThePlace() throws IOException {
        RegistryRules rules = rules("unqualified-search-registries = ['other.io']");
        assertThat(rules.endpoints(name("docker.io", "library/a", "latest")))
                .containsExactly(new Endpoint("docker.io", "library/a", false, false));
        assertThat(rules.endpoints(name("127.0.0.1:5000", "a", "x")).getFirst().insecure())
                .isTrue();
        assertThat(rules.endpoints(name("127.example.com", "a", "x")).getFirst().insecure())
                .isFalse();
    }

    @Test
    void longestPrefixRewritesAndMirrorsComeFirst() throws IOException {
        RegistryRules rules =
                rules(
                        """
                        [[registry]]
                        prefix = "a.io"
                        location = "wrong.io"
                        [[registry]]
                        prefix = "a.io/team"
                        location = "real.io/x"
                        insecure = true
                        [[registry.mirror]]
                        location = "m1:5000/team"
                        insecure = true
                        [[registry.mirror]]
                        location = "m2/t"
                        pull-from-mirror = "digest-only"
                        [[registry.mirror]]
                        location = "m3/t"
                        pull-from-mirror = "tag-only"
                        """);
        assertThat(rules.endpoints(name("a.io", "team/app", "v1")))
                .containsExactly(
                        new Endpoint("m1:5000", "team/app", true, true),
                        new Endpoint("m3", "t/app", false, true),
                        new Endpoint("real.io", "x/app", true, false));
        assertThat(rules.endpoints(name("a.io", "team/app", DIGEST)))
                .extracting(Endpoint::host)
                .containsExactly("m1:5000", "m2", "real.io");
        assertThat(rules.endpoints(name("a.io", "teamwork/app", "v1")))
                .containsExactly(new Endpoint("wrong.io", "teamwork/app", false, false));
    }

    @Test
    void wildcardsAndBlocking() throws IOException {
        RegistryRules rules =
                rules(
                        """
                        [[registry]]
                        prefix = "*.example.com"
                        blocked = true
                        [[registry]]
                        prefix = "*.mirror.example.com"
                        location = "inside.io"
                        """);
        assertThatThrownBy(() -> rules.endpoints(name("x.example.com", "a", "v")))
                .isInstanceOf(FailedPreconditionException.class)
                .hasMessageContaining("blocked");
        assertThat(rules.endpoints(name("example.com", "a", "v"))).hasSize(1);
        assertThat(rules.endpoints(name("b.mirror.example.com", "a", "v")))
                .containsExactly(new Endpoint("inside.io", "a", false, false));
    }

    @Test
    void dropInsReplaceRulesOfTheSamePrefix() throws IOException {
        Path dropIns = Files.createDirectories(directory.resolve("registries.conf.d"));
        Files.writeString(
                dropIns.resolve("50-a.conf"), "[[registry]]\nprefix='a.io'\nlocation='later.io'\n");
        Files.writeString(dropIns.resolve("README"), "not read = [");
        RegistryRules rules = rules("[[registry]]\nprefix='a.io'\nlocation='first.io'\n");
        assertThat(rules.endpoints(name("a.io", "b", "v")).getFirst().host()).isEqualTo("later.io");
    }

    @Test
    void brokenFilesAreNamed() {
        for (String toml :
                new String[] {
                    "[[registry",
                    "[[registry]]\ninsecure=true",
                    "[[registry]]\nprefix='a.*.io'",
                    "[[registry]]\nlocation='a.io'\n[[registry.mirror]]\nlocation='m.io'\n"
                            + "pull-from-mirror='never'"
                }) {
            assertThatThrownBy(() -> rules(toml))
                    .as(toml)
                    .isInstanceOf(FailedPreconditionException.class)
                    .hasMessageContaining("registries.conf");
        }
    }

    @Test
    void policyAcceptsRejectsAndRefusesWhatItCannotCheck() throws IOException {
        Path policy = directory.resolve("policy.json");
        Files.writeString(
                policy,
                """
                {"default":[{"type":"reject"}],"transports":{"docker":{
                "good.io":[{"type":"insecureAcceptAnything"}],
                "good.io/secret":[{"type":"reject"}],
                "signed.io/a":[{"type":"signedBy","keyType":"GPGKeys"}],
                "*.wild.io":[{"type":"insecureAcceptAnything"}]}}}\
                """);
        SignaturePolicy.check(policy, name("good.io", "a/b", "v"));
        SignaturePolicy.check(policy, name("x.wild.io", "a", "v"));
        SignaturePolicy.check(directory.resolve("none.json"), name("bad.io", "a", "v"));
        for (RepositoryName refused :
                new RepositoryName[] {
                    name("bad.io", "a", "v"),
                    name("good.io", "secret/x", "v"),
                    name("signed.io", "a", "v")
                }) {
            assertThatThrownBy(() -> SignaturePolicy.check(policy, refused))
                    .isInstanceOf(FailedPreconditionException.class)
                    .hasMessageStartingWith("SignatureValidationFailed");
        }
    }

    @Test
    void saysWhereLoginsAreLookedFor() throws IOException {
        assertThat(rules("").credentialHelpers()).containsExactly(RegistryRules.AUTH_FILES);
        assertThat(rules("credential-helpers = ['a', 'containers-auth.json']").credentialHelpers())
                .containsExactly("a", RegistryRules.AUTH_FILES);
        for (String wrong : List.of("'a'", "[]", "['']", "[{}]")) {
            assertThatThrownBy(() -> rules("credential-helpers = " + wrong))
                    .isInstanceOf(FailedPreconditionException.class)
                    .hasMessageContaining("credential-helpers is not a list of names");
        }
    }

    @Test
    void asksOneHelperAfterTheOtherAndTellsOfTheFirstThatFailedWhenNoneHasALogin()
            throws IOException {
        RegistryRules rules = rules("credential-helpers = ['broken', 'none', 'good']");
        Endpoint place = new Endpoint("a.io", "x", false, false);
        helper("broken", "echo no network >&2; exit 1");
        helper("none", "echo credentials not found; exit 1");
        helper("good", "echo '{\"Username\": \"u\", \"Secret\": \"p\"}'");
        assertThat(logins().find(rules, place)).isEqualTo(new Login.Basic("u", "p"));

        helper("good", "echo credentials not found; exit 1");
        assertThatThrownBy(() -> logins().find(rules, place))
                .isInstanceOf(FailedPreconditionException.class)
                .hasMessageContaining("'broken' for a.io")
                .hasMessageContaining("no network");
        helper("broken", "echo credentials not found; exit 1");
        assertThat(logins().find(rules, place)).isInstanceOf(Login.Anonymous.class);
    }

    private HostLogins logins() {
        return new HostLogins(
                RegistrySettings.defaults()
                        .withRegistriesConf(directory.resolve("registries.conf")),
                new CredentialHelper(List.of(directory), Map.of(), Duration.ofSeconds(20)));
    }

    private void helper(String name, String script) throws IOException {
        Path program = directory.resolve("docker-credential-" + name);
        Files.writeString(program, "#!/bin/sh\n" + script);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
}
