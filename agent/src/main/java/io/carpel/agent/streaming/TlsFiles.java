package io.carpel.agent.streaming;

import io.carpel.runtime.crypto.NativeCryptography;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Makes a TLS context of files in PEM, and says in words which of them is not what it should be.
final class TlsFiles {
    /// Chains of certificates have some 10 KiB, bundles of authorities some 300.
    private static final long MAX_BYTES = 4L << 20;

    private static final Pattern KEY =
            Pattern.compile(
                    "-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]*)-----END PRIVATE KEY-----");

    private TlsFiles() {}

    /// @throws IOException when a file cannot be read, is none of its kind, or when key and
    ///   certificate do not belong together; the message names the file and never its content
    static SslContext load(StreamingConfig.Tls files) throws IOException {
        X509Certificate[] chain = certificates(files.certificate());
        PrivateKey key = key(files.key(), chain[0].getPublicKey().getAlgorithm());
        if (!belongTogether(key, chain[0].getPublicKey())) {
            throw new IOException(
                    "%s is not the key of the certificate in %s"
                            .formatted(files.key(), files.certificate()));
        }
        NativeCryptography.use();
        SslContextBuilder builder = SslContextBuilder.forServer(key, chain);
        Optional<Path> clientCa = files.clientCa();
        if (clientCa.isPresent()) {
            builder.trustManager(certificates(clientCa.get())).clientAuth(ClientAuth.REQUIRE);
        }
        return builder.build();
    }

    private static X509Certificate[] certificates(Path file) throws IOException {
        List<X509Certificate> found = new ArrayList<>();
        try (var in = new java.io.ByteArrayInputStream(read(file))) {
            CertificateFactory.getInstance("X.509")
                    .generateCertificates(in)
                    .forEach(certificate -> found.add((X509Certificate) certificate));
        } catch (CertificateException malformed) {
            throw new IOException(
                    "%s: no certificate in PEM: %s".formatted(file, malformed.getMessage()),
                    malformed);
        }
        if (found.isEmpty()) {
            throw new IOException(file + ": no certificate in PEM");
        }
        return found.toArray(X509Certificate[]::new);
    }

    private static PrivateKey key(Path file, String algorithm) throws IOException {
        Matcher match = KEY.matcher(new String(read(file), StandardCharsets.ISO_8859_1));
        if (!match.find()) {
            throw new IOException(file + ": no unencrypted PKCS#8 key in PEM (BEGIN PRIVATE KEY)");
        }
        try {
            return KeyFactory.getInstance(algorithm)
                    .generatePrivate(
                            new PKCS8EncodedKeySpec(
                                    Base64.getMimeDecoder().decode(match.group(1))));
        } catch (GeneralSecurityException | IllegalArgumentException malformed) {
            // The cause could quote the key.
            throw new IOException(
                    "%s: no %s key, which the certificate wants".formatted(file, algorithm));
        }
    }

    private static boolean belongTogether(PrivateKey key, PublicKey certified) throws IOException {
        String algorithm =
                switch (key.getAlgorithm()) {
                    case "RSA" -> "SHA256withRSA";
                    case "EC" -> "SHA256withECDSA";
                    default -> key.getAlgorithm();
                };
        byte[] message = "signed and verified".getBytes(StandardCharsets.US_ASCII);
        try {
            Signature signer = Signature.getInstance(algorithm);
            signer.initSign(key);
            signer.update(message);
            byte[] signature = signer.sign();
            signer.initVerify(certified);
            signer.update(message);
            return signer.verify(signature);
        } catch (GeneralSecurityException unusable) {
            throw new IOException(
                    "%s keys cannot be used for TLS".formatted(key.getAlgorithm()), unusable);
        }
    }

    private static byte[] read(Path file) throws IOException {
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new IOException("%s: larger than %d bytes".formatted(file, MAX_BYTES));
            }
            return Files.readAllBytes(file);
        } catch (NoSuchFileException missing) {
            throw new IOException(file + ": no such file", missing);
        }
    }
}
