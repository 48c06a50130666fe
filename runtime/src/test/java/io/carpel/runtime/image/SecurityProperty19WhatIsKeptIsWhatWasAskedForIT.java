package io.carpel.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.image.content.Digest;
import io.carpel.runtime.image.content.ManifestReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Type, size and hash of everything are checked before use, and a name of ours changes only when
/// we pull that name.
@Timeout(120)
final class SecurityProperty19WhatIsKeptIsWhatWasAskedForIT {
    @RegisterExtension final RegistryExtension registry = new RegistryExtension();

    private FaultyProxy proxy;
    private TestStore images;

    @BeforeEach
    void look() {
        proxy = registry.proxy();
        images = registry.images();
    }

    private TestImage push(String tag, String content) {
        TestImage made =
                new TestImage()
                        .layer(new TestTar().file("f", 0644, content), TestImage.Packing.GZIP);
        made.push(registry.address(), "app", tag);
        return made;
    }

    /// A document that can be read as two things is none.
    @Test
    void documentsThatCanBeTakenForTwoThingsAreNone() {
        String layer = TestImage.descriptor("application/vnd.oci.image.layer.v1.tar", new byte[0]);
        String config =
                TestImage.descriptor("application/vnd.oci.image.config.v1+json", new byte[0]);
        String[] documents = {
            "{\"schemaVersion\":2,\"config\":%s,\"layers\":[%s],\"manifests\":[]}"
                    .formatted(config, layer),
            "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"config\":%s,\"layers\":[]}"
                    .formatted(config),
            "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[]}"
                    .formatted(TestImage.OCI_MANIFEST),
            "{\"schemaVersion\":1,\"config\":%s,\"layers\":[]}".formatted(config),
            "{\"schemaVersion\":2,\"config\":%s,\"layers\":[],\"layers\":[%s]}"
                    .formatted(config, layer),
            "{\"schemaVersion\":2,\"config\":%s,\"layers\":[%s]}".formatted(layer, layer),
            "{\"schemaVersion\":2,\"config\":%s,\"layers\":[%s]}".formatted(config, config),
            "[]",
            "{}"
        };
        for (String document : documents) {
            assertThatThrownBy(() ->
                            ManifestReader.read(document.getBytes(StandardCharsets.UTF_8), "", "x"))
                    .as(document)
                    .isInstanceOf(ContainerRuntimeException.class);
        }
        byte[] good = new TestImage().manifest();
        assertThatThrownBy(() -> ManifestReader.read(good, TestImage.DOCKER_MANIFEST, "x"))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("announced as");
    }

    private static FaultyProxy.Fault answer(String type, byte[] body) {
        return new FaultyProxy.Fault.Answer(200, Map.of("content-type", type), body);
    }

    /// A mirror that has something else under a digest is passed over, whatever the type it says.
    @Test
    void mirrorsCannotPutSomethingElseUnderADigest() throws IOException {
        TestImage good = push("v1", "good");
        TestImage evil = push("evil", "evil");
        Files.writeString(
                registry.directory().resolve("registries.conf"),
                """
                [[registry]]
                prefix = "real.example.com"
                location = "%s"
                insecure = true
                [[registry.mirror]]
                location = "%s"
                insecure = true
                """
                        .formatted(registry.address(), proxy.address()));
        String name = "real.example.com/app@" + Digest.of(good.manifest());
        proxy.script((_, _) -> answer(TestImage.OCI_MANIFEST, evil.manifest()));
        Image image = images.pull(name);
        assertThat(image.id()).isEqualTo(good.id());
        assertThat(image.layers().getFirst().resolve("f")).hasContent("good");
        assertThat(proxy.requests).isNotEmpty();
    }

    /// Another size than announced is refused although the registry's own answer is consistent.
    @Test
    void sizesThatAreNotWhatTheManifestSaysAreRefused() {
        TestImage made = push("v1", "x");
        String honest = new String(made.manifest(), StandardCharsets.UTF_8);
        int size = made.blobs().getFirst().length;
        for (int wrong : new int[] {size - 1, size + 1}) {
            proxy.script((path, _) ->
                    path.endsWith("/manifests/v1")
                            ? answer(
                                    TestImage.OCI_MANIFEST,
                                    honest.replace(
                                                    "\"size\":" + size + "}",
                                                    "\"size\":" + wrong + "}")
                                            .getBytes(StandardCharsets.UTF_8))
                            : new FaultyProxy.Fault.None());
            assertThatThrownBy(() -> images.pull(proxy.address() + "/app:v1"))
                    .as("size " + wrong + " instead of " + size)
                    .isInstanceOf(ContainerRuntimeException.class);
            assertThat(images.store().list()).isEmpty();
        }
        proxy.script((path, _) ->
                path.endsWith("/manifests/v1")
                        ? answer(TestImage.DOCKER_MANIFEST, made.manifest())
                        : new FaultyProxy.Fault.None());
        assertThatThrownBy(() -> images.pull(proxy.address() + "/app:v1"))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("announced as");
        assertThat(images.store().list()).isEmpty();
    }

    /// Neither another repository's pull nor an import by digest nor a failed pull moves a tag.
    @Test
    void tagsMoveOnlyByPullingThem() {
        TestImage first = push("v1", "first");
        String name = proxy.address() + "/app:v1";
        assertThat(images.pull(name).id()).isEqualTo(first.id());
        TestImage second = push("v1", "second");
        String digest = proxy.address() + "/app@" + Digest.of(second.manifest());
        assertThat(images.pull(digest).repoTags()).isEmpty();
        assertThat(images.store().find(name).orElseThrow().id()).isEqualTo(first.id());
        proxy.script((path, _) ->
                path.contains("/blobs/")
                        ? new FaultyProxy.Fault.Flip(5)
                        : new FaultyProxy.Fault.None());
        TestImage third = push("v1", "third");
        assertThatThrownBy(() -> images.pull(name)).isInstanceOf(FailedPreconditionException.class);
        assertThat(images.store().find(name).orElseThrow().id()).isEqualTo(first.id());
        proxy.script((_, _) -> new FaultyProxy.Fault.None());
        assertThat(images.pull(name).id()).isEqualTo(third.id());
        assertThat(images.store().find(first.id()).orElseThrow().repoTags()).isEmpty();
    }
}
