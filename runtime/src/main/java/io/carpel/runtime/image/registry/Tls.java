package io.carpel.runtime.image.registry;

import io.carpel.runtime.crypto.NativeCryptography;
import io.carpel.runtime.error.FailedPreconditionException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/// Whom a registry's certificate must come from: the system's authorities, and those in
/// `certs.d/HOST[:PORT]/*.crt`; `*.cert` with `*.key` beside it are shown to the registry.
final class Tls {
    private static final int FILE_LIMIT = 16 << 20;
    private static final char[] NO_PASSWORD = {};

    /// Where distributions keep the system's authorities as one file.
    private static final List<Path> SYSTEM_BUNDLES =
            List.of(
                    Path.of("/etc/ssl/certs/ca-certificates.crt"),
                    Path.of("/etc/pki/tls/certs/ca-bundle.crt"),
                    Path.of("/etc/ssl/ca-bundle.pem"));

    private Tls() {}

    /// Trust nobody in particular: for registries the administrator calls insecure.
    static SSLContext insecure() {
        return context(new KeyManager[0], new TrustManager[] {new TrustEverybody()});
    }

    /// @throws FailedPreconditionException naming the certificate file that cannot be used
    static SSLContext forHost(List<Path> certDirs, String host) {
        List<Certificate> authorities = new ArrayList<>();
        KeyManager[] keys = {};
        for (Path directory : certDirs) {
            Path own = directory.resolve(host);
            for (Path file : ConfigFiles.dropIns(own, ".crt")) {
                authorities.addAll(certificates(file));
            }
            for (Path file : ConfigFiles.dropIns(own, ".cert")) {
                keys = clientKeys(file);
            }
        }
        for (Path bundle : SYSTEM_BUNDLES) {
            if (Files.isReadable(bundle)) {
                authorities.addAll(certificates(bundle));
                break;
            }
        }
        try {
            return context(keys, trust(authorities));
        } catch (GeneralSecurityException | IOException e) {
            throw new FailedPreconditionException(
                    "certificates for registry '" + host + "' cannot be used: " + e.getMessage(),
                    e);
        }
    }

    /// Reads the certificates for a registry, but not the system's.
    ///
    /// @throws FailedPreconditionException naming the certificate file that cannot be used
    static void check(Path own) {
        ConfigFiles.dropIns(own, ".crt").forEach(Tls::certificates);
        ConfigFiles.dropIns(own, ".cert").forEach(Tls::clientKeys);
    }

    /// Changes whenever the host's certificates do.
    static String state(List<Path> certDirs, String host) {
        StringBuilder out = new StringBuilder();
        for (Path directory : certDirs) {
            for (String ending : List.of(".crt", ".cert", ".key")) {
                for (Path file : ConfigFiles.dropIns(directory.resolve(host), ending)) {
                    out.append(file).append(' ').append(modified(file)).append(' ');
                }
            }
        }
        return out.toString();
    }

    /// A file that is gone by now is a change, too.
    private static String modified(Path file) {
        try {
            return Files.getLastModifiedTime(file).toString();
        } catch (IOException e) {
            return "gone";
        }
    }

    /// Without any authority found on the host, those that come with the JDK.
    private static TrustManager[] trust(List<Certificate> authorities)
            throws GeneralSecurityException, IOException {
        TrustManagerFactory factory =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        if (authorities.isEmpty()) {
            factory.init((KeyStore) null);
            return factory.getTrustManagers();
        }
        KeyStore store = emptyStore();
        for (int i = 0; i < authorities.size(); i++) {
            store.setCertificateEntry("ca-" + i, authorities.get(i));
        }
        factory.init(store);
        return factory.getTrustManagers();
    }

    private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, NO_PASSWORD);
        return store;
    }

    private static List<Certificate> certificates(Path file) {
        Optional<byte[]> content = ConfigFiles.read(file, FILE_LIMIT);
        try {
            return List.copyOf(
                    CertificateFactory.getInstance("X.509")
                            .generateCertificates(
                                    new ByteArrayInputStream(content.orElse(new byte[0]))));
        } catch (GeneralSecurityException e) {
            throw new FailedPreconditionException(
                    "certificate file " + file + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static KeyManager[] clientKeys(Path file) {
        String name = String.valueOf(file.getFileName());
        Path key =
                file.resolveSibling(name.substring(0, name.length() - ".cert".length()) + ".key");
        try {
            Certificate[] chain = certificates(file).toArray(new Certificate[0]);
            KeyStore store = emptyStore();
            store.setKeyEntry("client", privateKey(key), NO_PASSWORD, chain);
            KeyManagerFactory factory =
                    KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            factory.init(store, NO_PASSWORD);
            return factory.getKeyManagers();
        } catch (GeneralSecurityException | IOException | IllegalArgumentException e) {
            throw new FailedPreconditionException(
                    "client certificate "
                            + file
                            + " with its key cannot be used (PKCS#8 is needed)",
                    e);
        }
    }

    private static PrivateKey privateKey(Path file) throws GeneralSecurityException {
        String pem =
                new String(
                        ConfigFiles.read(file, FILE_LIMIT).orElse(new byte[0]),
                        java.nio.charset.StandardCharsets.US_ASCII);
        String body = pem.replaceAll("-----[A-Z ]+-----", "");
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(body));
        for (String algorithm : List.of("RSA", "EC", "Ed25519")) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(spec);
            } catch (InvalidKeySpecException _) {
                // another kind of key: try the next
            }
        }
        throw new InvalidKeySpecException("neither RSA, EC nor Ed25519");
    }

    private static SSLContext context(KeyManager[] keys, TrustManager[] trust) {
        NativeCryptography.use();
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys, trust, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has TLS", e);
        }
    }

    /// Extended, so that the JDK does not check host names either.
    private static final class TrustEverybody extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
