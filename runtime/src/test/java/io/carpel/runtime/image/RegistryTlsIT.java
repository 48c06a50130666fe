package io.carpel.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.UnavailableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A registry with TLS whose authority only `certs.d` knows, and one that wants to know its client.
@Timeout(120)
final class RegistryTlsIT {
    @TempDir Path directory;
    private RegistryServer registry;
    private TestImage made;

    /// The same one for all pulls of a test: certificates that are changed count at once.
    private TestStore images;

    @BeforeEach
    void start() throws Exception {
        registry = RegistryServer.start(directory.resolve("registry"));
        made = new TestImage().layer(new TestTar().file("f", 0644, "f"), TestImage.Packing.GZIP);
        made.push(registry.address(), "app", "v1");
        images = TestStore.open(directory);
        authority("ca");
        issue("server", "ca", "subjectAltName=IP:127.0.0.1");
    }

    @AfterEach
    void stop() {
        images.close();
        registry.close();
    }

    private Path at(String name) {
        return directory.resolve(name);
    }

    private void authority(String name) throws Exception {
        HostCommand.run(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=" + name,
                "-keyout",
                at(name + ".key").toString(),
                "-out",
                at(name + ".crt").toString());
    }

    private void issue(String name, String by, String extension) throws Exception {
        HostCommand.run(
                "openssl",
                "req",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-subj",
                "/CN=" + name,
                "-keyout",
                at(name + ".key").toString(),
                "-out",
                at(name + ".csr").toString());
        Files.writeString(at(name + ".ext"), extension);
        HostCommand.run(
                "openssl",
                "x509",
                "-req",
                "-days",
                "2",
                "-in",
                at(name + ".csr").toString(),
                "-CA",
                at(by + ".crt").toString(),
                "-CAkey",
                at(by + ".key").toString(),
                "-CAcreateserial",
                "-extfile",
                at(name + ".ext").toString(),
                "-out",
                at(name + ".crt").toString());
    }

    private void secure(String more) throws IOException {
        registry.close();
        registry =
                RegistryServer.start(
                        directory.resolve("registry"),
                        "  tls:\n    certificate: %s\n    key: %s\n%s"
                                .formatted(at("server.crt"), at("server.key"), more));
        Files.writeString(
                at("registries.conf"),
                "[[registry]]\nprefix = \"%s\"\ninsecure = false\n".formatted(registry.address()));
        Files.createDirectories(trusted());
    }

    private Path trusted() {
        return at("certs.d").resolve(registry.address());
    }

    private Image pull() {
        return images.pull(registry.address() + "/app:v1");
    }

    private void assertNotTrusted() {
        assertThatThrownBy(this::pull)
                .isInstanceOf(UnavailableException.class)
                .hasMessageStartingWith("RegistryUnavailable")
                .hasMessageContaining(registry.address());
    }

    @Test
    void onlyTheAuthorityOfThatHostIsTrusted() throws Exception {
        secure("");
        assertNotTrusted();
        Path elsewhere = Files.createDirectories(at("certs.d").resolve("other.example.com"));
        Files.copy(at("ca.crt"), elsewhere.resolve("ca.crt"));
        assertNotTrusted();
        authority("stranger");
        Files.copy(at("stranger.crt"), trusted().resolve("stranger.crt"));
        assertNotTrusted();
        Files.copy(at("ca.crt"), trusted().resolve("ca.crt"));
        assertThat(pull().id()).isEqualTo(made.id());
    }

    @Test
    void certificatesForAnotherAddressAreRefused() throws Exception {
        issue("server", "ca", "subjectAltName=IP:127.0.0.2,DNS:localhost");
        secure("");
        Files.copy(at("ca.crt"), trusted().resolve("ca.crt"));
        assertNotTrusted();
    }

    @Test
    void theClientShowsItsCertificateToWhoeverAsks() throws Exception {
        authority("clients");
        issue("client", "clients", "extendedKeyUsage=clientAuth");
        secure("    clientcas:\n      - " + at("clients.crt"));
        Files.copy(at("ca.crt"), trusted().resolve("ca.crt"));
        assertNotTrusted();
        Files.copy(at("client.crt"), trusted().resolve("client.cert"));
        Files.copy(at("client.key"), trusted().resolve("client.key"));
        assertThat(pull().id()).isEqualTo(made.id());
    }
}
