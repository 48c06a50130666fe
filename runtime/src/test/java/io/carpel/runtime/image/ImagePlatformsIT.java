package io.carpel.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.error.UnsupportedException;
import io.carpel.runtime.image.content.Digest;
import io.carpel.runtime.image.registry.PlatformChoice;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Images for several machines, for another one, and of docker's own types.
@Timeout(120)
final class ImagePlatformsIT {
    private static final String OCI_INDEX = "application/vnd.oci.image.index.v1+json";
    private static final String DOCKER_LIST =
            "application/vnd.docker.distribution.manifest.list.v2+json";
    private static final String OURS = PlatformChoice.host().substring("linux/".length());
    private static final String FOREIGN = OURS.equals("s390x") ? "riscv64" : "s390x";

    @RegisterExtension final RegistryExtension registry = new RegistryExtension();

    private TestStore images;

    @BeforeEach
    void look() {
        images = registry.images();
    }

    private TestImage image(String architecture, boolean docker) {
        TestImage made =
                new TestImage()
                        .architecture(architecture)
                        .layer(
                                new TestTar().file("for", 0644, architecture),
                                TestImage.Packing.GZIP);
        if (docker) {
            made.docker();
        }
        made.push(registry.address(), "app", Digest.of(made.manifest()).toString());
        return made;
    }

    private static String member(TestImage image, String platform) {
        String plain = TestImage.descriptor(image.type(), image.manifest());
        return plain.substring(0, plain.length() - 1) + ",\"platform\":" + platform + "}";
    }

    private static String platform(String architecture) {
        return "{\"os\":\"linux\",\"architecture\":\"" + architecture + "\"}";
    }

    private String index(String type, String... members) {
        byte[] index =
                "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[%s]}"
                        .formatted(type, String.join(",", members))
                        .getBytes(StandardCharsets.UTF_8);
        TestImage.pushManifest(registry.address(), "app", "v1", type, index);
        return registry.address() + "/app:v1";
    }

    @Test
    void indexesGiveWhatIsMadeForThisHost() {
        TestImage foreign = image(FOREIGN, false);
        TestImage ours = image(OURS, false);
        Image image =
                images.pull(
                        index(
                                OCI_INDEX,
                                member(foreign, platform(FOREIGN)),
                                member(
                                        foreign,
                                        "{\"os\":\"windows\",\"architecture\":\"%s\"}"
                                                .formatted(OURS)),
                                member(ours, platform(OURS))));
        assertThat(image.id()).isEqualTo(ours.id());
        assertThat(image.layers().getFirst().resolve("for")).hasContent(OURS);
        assertThat(images.store().list()).hasSize(1);
    }

    @Test
    void dockersListsAndManifestsAreUnderstood() {
        TestImage foreign = image(FOREIGN, true);
        TestImage ours = image(OURS, true);
        String list =
                index(
                        DOCKER_LIST,
                        member(foreign, platform(FOREIGN)),
                        member(ours, platform(OURS)));
        assertThat(images.pull(list).id()).isEqualTo(ours.id());
        String single = registry.address() + "/app@" + Digest.of(ours.manifest());
        assertThat(images.pull(single).id()).isEqualTo(ours.id());
    }

    @Test
    void imagesForOtherMachinesAreNotFound() {
        TestImage foreign = image(FOREIGN, false);
        String index = index(OCI_INDEX, member(foreign, platform(FOREIGN)));
        assertThatThrownBy(() -> images.pull(index))
                .isInstanceOf(NotFoundException.class)
                .hasMessageContaining("app:v1' is not made for linux/" + OURS);
        String single = registry.address() + "/app@" + Digest.of(foreign.manifest());
        assertThatThrownBy(() -> images.pull(single))
                .isInstanceOf(NotFoundException.class)
                .hasMessageContaining(
                        "is not made for linux/" + OURS + " but for linux/" + FOREIGN);
        assertThat(images.store().list()).isEmpty();
        assertThat(registry.directory().resolve("images/layers")).isEmptyDirectory();
    }

    @Test
    void artifactsAndConfigurationsThatDoNotFitAreRefused() {
        TestImage made = image(OURS, false);
        byte[] layer = made.blobs().getFirst();
        String blob = TestImage.descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer);
        String config =
                TestImage.descriptor("application/vnd.oci.image.config.v1+json", made.config());
        String two = manifest(config, blob + "," + blob);
        TestImage.pushManifest(
                registry.address(), "app", "two", TestImage.OCI_MANIFEST, bytes(two));
        assertThatThrownBy(() -> images.pull(registry.address() + "/app:two"))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("has 2 layers but its configuration names 1");
        String chart =
                manifest(
                        TestImage.descriptor(
                                "application/vnd.cncf.helm.config.v1+json", made.config()),
                        blob);
        TestImage.pushManifest(
                registry.address(), "app", "chart", TestImage.OCI_MANIFEST, bytes(chart));
        assertThatThrownBy(() -> images.pull(registry.address() + "/app:chart"))
                .isInstanceOf(UnsupportedException.class)
                .hasMessageContaining("helm");
    }

    private static String manifest(String config, String layers) {
        return "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":%s,\"layers\":[%s]}"
                .formatted(TestImage.OCI_MANIFEST, config, layers);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
