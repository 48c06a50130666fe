package io.carpel.agent.streaming;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;

/// Self-signed pairs of key and certificate, made by the JDK's own tool.
final class TestCertificates {
    private static final String PASSWORD = "changeit";

    private final Path directory;

    TestCertificates(Path directory) {
        this.directory = directory;
    }

    /// Key and certificate of a name, for the name `localhost` and 127.0.0.1.
    KeyStore make(String name) throws IOException, InterruptedException, GeneralSecurityException {
        Path store = directory.resolve(name + ".p12");
        Process tool =
                new ProcessBuilder(
                                List.of(
                                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                                .toString(),
                                        "-genkeypair",
                                        "-alias",
                                        name,
                                        "-keyalg",
                                        "EC",
                                        "-dname",
                                        "CN=" + name,
                                        "-ext",
                                        "san=dns:localhost,ip:127.0.0.1",
                                        "-validity",
                                        "2",
                                        "-storetype",
                                        "PKCS12",
                                        "-keystore",
                                        store.toString(),
                                        "-storepass",
                                        PASSWORD))
                        .redirectErrorStream(true)
                        .start();
        String said = new String(tool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(tool.waitFor()).as(said).isZero();
        return KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
    }

    static char[] password() {
        return PASSWORD.toCharArray();
    }

    static void writeCertificate(KeyStore store, String name, Path file)
            throws IOException, GeneralSecurityException {
        write(file, "CERTIFICATE", store.getCertificate(name).getEncoded());
    }

    static void writeKey(KeyStore store, String name, Path file)
            throws IOException, GeneralSecurityException {
        write(file, "PRIVATE KEY", store.getKey(name, password()).getEncoded());
    }

    private static void write(Path file, String kind, byte[] content) throws IOException {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
        Path aside = file.resolveSibling(file.getFileName() + ".new");
        Files.writeString(
                aside, "-----BEGIN %s-----\n%s\n-----END %1$s-----\n".formatted(kind, body));
        Files.move(aside, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    }
}
