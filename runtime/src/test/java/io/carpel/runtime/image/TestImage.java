package io.carpel.runtime.image;

import com.github.luben.zstd.Zstd;
import io.carpel.runtime.image.content.Digest;
import io.carpel.runtime.image.registry.PlatformChoice;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;

/// A small image made in the test, and pushed over plain HTTP without any of the code under test.
final class TestImage {
    static final String OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
    static final String DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";

    private final List<byte[]> archives = new ArrayList<>();
    private final List<byte[]> blobs = new ArrayList<>();
    private final List<String> types = new ArrayList<>();
    private String user = "";
    private String defaults = "";
    private String architecture = PlatformChoice.host().substring("linux/".length());
    private boolean docker;

    enum Packing {
        PLAIN,
        GZIP,
        ZSTD
    }

    TestImage layer(TestTar tar, Packing packing) {
        return layer(tar.bytes(), packing);
    }

    TestImage layer(byte[] archive, Packing packing) {
        archives.add(archive);
        blobs.add(
                switch (packing) {
                    case PLAIN -> archive;
                    case GZIP -> gzip(archive);
                    case ZSTD -> Zstd.compress(archive);
                });
        types.add(
                switch (packing) {
                    case PLAIN -> "";
                    case GZIP -> "gzip";
                    case ZSTD -> "zstd";
                });
        return this;
    }

    TestImage user(String user) {
        this.user = user;
        return this;
    }

    /// @param members of the configuration's `config`, as JSON
    TestImage defaults(String members) {
        this.defaults = members + ",";
        return this;
    }

    TestImage architecture(String architecture) {
        this.architecture = architecture;
        return this;
    }

    TestImage docker() {
        this.docker = true;
        return this;
    }

    static byte[] gzip(byte[] plain) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(plain);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    byte[] config() {
        List<String> ids = new ArrayList<>();
        archives.forEach(a -> ids.add('"' + Digest.of(a).toString() + '"'));
        return """
        {"architecture":"%s","os":"linux","created":"2026-01-02T03:04:05Z",
        "config":{%s"User":"%s","Env":["PATH=/bin","A=b"],"Entrypoint":["/bin/sh"],"Cmd":["-c","true"],
        "WorkingDir":"/w","StopSignal":"SIGINT","Labels":{"k":"v"},"Volumes":{"/data":{}}},
        "rootfs":{"type":"layers","diff_ids":[%s]}}\
        """
                .formatted(architecture, defaults, user, String.join(",", ids))
                .getBytes(StandardCharsets.UTF_8);
    }

    byte[] manifest() {
        List<String> layers = new ArrayList<>();
        for (int i = 0; i < blobs.size(); i++) {
            String type =
                    docker
                            ? "application/vnd.docker.image.rootfs.diff.tar.gzip"
                            : "application/vnd.oci.image.layer.v1.tar"
                                    + (types.get(i).isEmpty() ? "" : "+" + types.get(i));
            layers.add(descriptor(type, blobs.get(i)));
        }
        String configType =
                docker
                        ? "application/vnd.docker.container.image.v1+json"
                        : "application/vnd.oci.image.config.v1+json";
        return """
        {"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}\
        """
                .formatted(type(), descriptor(configType, config()), String.join(",", layers))
                .getBytes(StandardCharsets.UTF_8);
    }

    String type() {
        return docker ? DOCKER_MANIFEST : OCI_MANIFEST;
    }

    static String descriptor(String type, byte[] content) {
        return "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d}"
                .formatted(type, Digest.of(content), content.length);
    }

    String id() {
        return Digest.of(config()).toString();
    }

    List<byte[]> archives() {
        return archives;
    }

    List<byte[]> blobs() {
        return blobs;
    }

    /// Pushes everything; `tag` may be a digest.
    void push(String address, String repository, String tag) {
        blobs.forEach(blob -> pushBlob(address, repository, blob));
        pushBlob(address, repository, config());
        pushManifest(address, repository, tag, type(), manifest());
    }

    static void pushBlob(String address, String repository, byte[] blob) {
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpResponse<Void> begun =
                    client.send(
                            HttpRequest.newBuilder(
                                            URI.create(
                                                    "http://%s/v2/%s/blobs/uploads/"
                                                            .formatted(address, repository)))
                                    .POST(HttpRequest.BodyPublishers.noBody())
                                    .build(),
                            HttpResponse.BodyHandlers.discarding());
            String location = begun.headers().firstValue("location").orElseThrow();
            String uri = begun.uri().resolve(location).toString();
            uri += (uri.indexOf('?') < 0 ? "?" : "&") + "digest=" + Digest.of(blob);
            put(client, uri, "application/octet-stream", blob);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    static void pushManifest(
            String address, String repository, String tag, String type, byte[] manifest) {
        try (HttpClient client = HttpClient.newHttpClient()) {
            put(
                    client,
                    "http://%s/v2/%s/manifests/%s".formatted(address, repository, tag),
                    type,
                    manifest);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void put(HttpClient client, String uri, String type, byte[] content)
            throws IOException, InterruptedException {
        HttpResponse<String> answer =
                client.send(
                        HttpRequest.newBuilder(URI.create(uri))
                                .header("Content-Type", type)
                                .PUT(HttpRequest.BodyPublishers.ofByteArray(content))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 201) {
            throw new IOException("push answers " + answer.statusCode() + ": " + answer.body());
        }
    }
}
