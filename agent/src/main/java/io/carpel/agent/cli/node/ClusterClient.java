package io.carpel.agent.cli.node;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import java.util.Objects;
import java.util.Optional;

/// Opens a client of the API server from a kubeconfig, from where kubectl would look for one, or
/// from the service account of the pod that this runs in.
public final class ClusterClient {
    /// A server that is busy takes longer than the library waits by itself.
    private static final int REQUEST_MILLIS = 30_000;

    private static final int TOO_MANY_REQUESTS = 429;
    private static final int SERVER_ERROR = 500;

    private ClusterClient() {}

    /// @param kubeconfig the file; empty for the usual places
    /// @throws NodeException when there is none that can be used; no server has been asked yet
    public static KubernetesClient open(Optional<Path> kubeconfig) {
        try {
            Config config =
                    kubeconfig.isPresent()
                            ? Config.fromKubeconfig(Files.readString(kubeconfig.orElseThrow()))
                            : Config.autoConfigure(null);
            setKeyAlgorithm(config);
            config.setRequestTimeout(REQUEST_MILLIS);
            return new KubernetesClientBuilder().withConfig(config).build();
        } catch (IOException | CertificateException | KubernetesClientException e) {
            throw new NodeException("cannot use the kubeconfig: " + reason(e), e);
        }
    }

    /// The library takes every key for RSA unless it is told. The certificate knows.
    private static void setKeyAlgorithm(Config config) throws IOException, CertificateException {
        String data = config.getClientCertData();
        String file = config.getClientCertFile();
        byte[] pem;
        if (data != null && !data.isBlank()) {
            pem =
                    data.contains("-----BEGIN")
                            ? data.getBytes(StandardCharsets.US_ASCII)
                            : Base64.getDecoder().decode(data.strip());
        } else if (file != null && !file.isBlank()) {
            pem = Files.readAllBytes(Path.of(file));
        } else {
            return;
        }
        config.setClientKeyAlgo(
                CertificateFactory.getInstance("X.509")
                        .generateCertificate(new ByteArrayInputStream(pem))
                        .getPublicKey()
                        .getAlgorithm());
    }

    /// Whether the same call may go well in a while: the server did not answer, or was not able to.
    static boolean isPassing(KubernetesClientException failure) {
        int code = failure.getCode();
        return code <= 0 || code == TOO_MANY_REQUESTS || code >= SERVER_ERROR;
    }

    /// What lies at the bottom of a failure; the library's own words are often only that there is
    /// one.
    static String reason(Throwable failure) {
        String own = words(failure);
        String bottom = own;
        Throwable cause = failure.getCause();
        while (cause != null) {
            bottom = words(cause);
            cause = cause.getCause();
        }
        // "Operation: [get] for kind: [Node] …", of whom we tell anyway.
        if (own.endsWith("failed.")) {
            return bottom;
        }
        return own.contains(bottom) ? own : own + " " + bottom;
    }

    /// One that was not in time says nothing but its name.
    private static String words(Throwable failure) {
        return Objects.requireNonNullElse(failure.getMessage(), failure.getClass().getSimpleName());
    }
}
