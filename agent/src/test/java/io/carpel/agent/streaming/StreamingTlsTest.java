package io.carpel.agent.streaming;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.agent.config.AgentConfig;
import io.carpel.agent.config.ConfigLoader;
import io.carpel.agent.streaming.StreamRequest.Streams;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.UnavailableException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StreamingTlsTest {
    private static final Streams OUTPUT = new Streams(false, true, false, false);

    @TempDir Path dir = Path.of("");

    private Path certificate = Path.of("");
    private Path key = Path.of("");
    private Path clientCa = Path.of("");

    @BeforeEach
    void nameFiles() {
        certificate = dir.resolve("server.crt");
        key = dir.resolve("server.key");
        clientCa = dir.resolve("clients.crt");
    }

    private StreamingConfig config(Map<String, String> flags) throws Exception {
        Path file = Files.writeString(dir.resolve("config.toml"), "");
        AgentConfig config = new ConfigLoader(Map.of()).load(file, flags);
        return StreamingConfig.of(config);
    }

    private StreamingConfig tls(boolean clients) throws Exception {
        return config(
                clients
                        ? Map.of(
                                "--stream-tls-cert", certificate.toString(),
                                "--stream-tls-key", key.toString(),
                                "--stream-tls-client-ca", clientCa.toString())
                        : Map.of(
                                "--stream-tls-cert", certificate.toString(),
                                "--stream-tls-key", key.toString()));
    }

    private KeyStore serve(String name) throws Exception {
        KeyStore pair = new TestCertificates(dir).make(name);
        TestCertificates.writeCertificate(pair, name, certificate);
        TestCertificates.writeKey(pair, name, key);
        return pair;
    }

    private static SSLContext client(KeyStore trusted, Optional<KeyStore> own) throws Exception {
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        if (own.isPresent()) {
            keys.init(own.get(), TestCertificates.password());
        }
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(
                own.isPresent() ? keys.getKeyManagers() : null, trust.getTrustManagers(), null);
        return context;
    }

    private static String answer(StreamingServer server, SSLContext context) throws Exception {
        String url = server.urlFor(new StreamRequest.Exec("c", List.of("quit"), OUTPUT));
        assertThat(url).startsWith("https://127.0.0.1:");
        try (var client = new SpdyClient(url, "v4.channel.k8s.io", Optional.of(context))) {
            int error = client.open(Map.of("streamType", "error"));
            int out = client.open(Map.of("streamType", "stdout"));
            assertThat(client.all(error)).contains("Success");
            return client.all(out);
        }
    }

    private static String nameServed(StreamingServer server, SSLContext trusting) throws Exception {
        var url = java.net.URI.create(server.urlFor(new StreamRequest.PortForward("p", List.of())));
        try (var socket =
                (SSLSocket)
                        trusting.getSocketFactory().createSocket(url.getHost(), url.getPort())) {
            socket.startHandshake();
            var served = (X509Certificate) socket.getSession().getPeerCertificates()[0];
            return served.getSubjectX500Principal().getName();
        }
    }

    @Test
    void commandRunsOverTls() throws Exception {
        KeyStore pair = serve("one");
        try (var server = StreamingServer.start(tls(false), new FakeBackend())) {
            assertThat(answer(server, client(pair, Optional.empty()))).isEqualTo("bye");
        }
    }

    @Test
    void clientWithoutTheRightCertificateIsRefused() throws Exception {
        KeyStore pair = serve("one");
        KeyStore kubelet = new TestCertificates(dir).make("kubelet");
        KeyStore stranger = new TestCertificates(dir).make("stranger");
        TestCertificates.writeCertificate(kubelet, "kubelet", clientCa);
        try (var server = StreamingServer.start(tls(true), new FakeBackend())) {
            assertThat(answer(server, client(pair, Optional.of(kubelet)))).isEqualTo("bye");
            for (Optional<KeyStore> other :
                    List.of(Optional.of(stranger), Optional.<KeyStore>empty())) {
                SSLContext context = client(pair, other);
                assertThatThrownBy(() -> answer(server, context)).isInstanceOf(Exception.class);
            }
        }
    }

    @Test
    void newCertificateIsTakenAndABrokenOneIsNot() throws Exception {
        KeyStore first = serve("one");
        try (var server = StreamingServer.start(tls(false), new FakeBackend())) {
            assertThat(nameServed(server, client(first, Optional.empty()))).isEqualTo("CN=one");

            // In the middle of a renewal: the new certificate with the old key.
            KeyStore second = new TestCertificates(dir).make("two");
            TestCertificates.writeCertificate(second, "two", certificate);
            assertThat(nameServed(server, client(first, Optional.empty()))).isEqualTo("CN=one");
            TestCertificates.writeKey(second, "two", key);
            assertThat(nameServed(server, client(second, Optional.empty()))).isEqualTo("CN=two");
            assertThatThrownBy(() -> nameServed(server, client(first, Optional.empty())))
                    .isInstanceOf(SSLException.class);

            Files.writeString(certificate, "nonsense");
            assertThat(nameServed(server, client(second, Optional.empty()))).isEqualTo("CN=two");
            Files.delete(key);
            assertThat(nameServed(server, client(second, Optional.empty()))).isEqualTo("CN=two");
        }
    }

    @Test
    void filesThatCannotServeStopTheStart() throws Exception {
        assertFails("no such file");
        serve("one");
        Files.writeString(
                key, "-----BEGIN RSA PRIVATE KEY-----\nSECRET\n-----END RSA PRIVATE KEY-----");
        assertFails("no unencrypted PKCS#8 key in PEM");
        TestCertificates.writeKey(new TestCertificates(dir).make("other"), "other", key);
        assertFails("is not the key of the certificate");
        Files.writeString(key, "-----BEGIN PRIVATE KEY-----\nU0VDUkVU\n-----END PRIVATE KEY-----");
        assertFails("no EC key, which the certificate wants");
        Files.writeString(certificate, "");
        assertFails("no certificate in PEM");
    }

    private void assertFails(String reason) throws Exception {
        StreamingConfig config = tls(false);
        assertThatThrownBy(() -> StreamingServer.start(config, new FakeBackend()).close())
                .isInstanceOf(UnavailableException.class)
                .hasMessageContaining(reason)
                .hasMessageNotContaining("SECRET")
                .hasMessageNotContaining("U0VDUkVU");
    }

    @Test
    void keysThatDoNotFitTogetherAreRefused() {
        assertThatThrownBy(() -> config(Map.of("--stream-tls-cert", "/c")))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("stream.tls-cert (\"/c\")")
                .hasMessageContaining("stream.tls-key (\"\")");
        assertThatThrownBy(() -> config(Map.of("--stream-tls-client-ca", "/c")))
                .isInstanceOf(InvalidArgumentException.class);
        assertThatThrownBy(() -> config(Map.of("--stream-address", "0.0.0.0")))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("stream.address 0.0.0.0");
        assertThatThrownBy(() -> config(Map.of("--stream-idle-timeout", "0s")))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("stream.idle-timeout is zero");
    }
}
