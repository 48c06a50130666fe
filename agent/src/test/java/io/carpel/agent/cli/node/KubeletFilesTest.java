package io.carpel.agent.cli.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The places where a kubelet is told its runtime.
final class KubeletFilesTest {
    private static final String NEW = "unix:///run/carpel/carpel.sock";
    private static final Path CONFIG = Path.of("/var/lib/kubelet/config.yaml");

    private static final String INSTANCE = "var/lib/kubelet/instance-config.yaml";

    @TempDir private Path root;

    @Test
    void kubeadmsVariablesWinOverTheConfiguration() throws IOException {
        String config = "kind: KubeletConfiguration\ncontainerRuntimeEndpoint: unix:///b.sock\n";
        write("var/lib/kubelet/config.yaml", config);
        write(
                "var/lib/kubelet/kubeadm-flags.env",
                "KUBELET_KUBEADM_ARGS=\"--container-runtime-endpoint=unix:///a.sock --v=2\"\n");
        KubeletFiles files = new KubeletFiles(root, CONFIG);
        assertThat(files.endpoint()).contains("unix:///a.sock");
        KubeletFiles.apply(files.plan(NEW));
        assertThat(read("var/lib/kubelet/kubeadm-flags.env"))
                .isEqualTo(
                        "KUBELET_KUBEADM_ARGS=\"--container-runtime-endpoint="
                                + NEW
                                + " --v=2\"\n");
        assertThat(read("var/lib/kubelet/config.yaml")).isEqualTo(config);
    }

    @Test
    void filesLaidOverTheConfigurationWinOverIt() throws IOException {
        String config = "containerRuntimeEndpoint: unix:///a.sock\n";
        String other = "maxPods: 20\n";
        write("var/lib/kubelet/config.yaml", config);
        write(
                "etc/systemd/system/kubelet.service.d/10-x.conf",
                "# --config-dir=/nowhere\nExecStart=/k --config-dir=/etc/kubelet.d --v=2\n");
        write("etc/kubelet.d/10-maximum.conf", other);
        write("etc/kubelet.d/20-runtime.conf", "containerRuntimeEndpoint: unix:///b.sock\n");
        write("etc/kubelet.d/30-note.txt", "containerRuntimeEndpoint: unix:///c.sock\n");
        KubeletFiles files = new KubeletFiles(root, CONFIG);
        assertThat(files.endpoint()).contains("unix:///b.sock");
        List<KubeletFiles.Change> changes = files.plan(NEW);
        KubeletFiles.apply(changes);
        assertThat(files.endpoint()).contains(NEW);
        assertThat(read("etc/kubelet.d/20-runtime.conf"))
                .isEqualTo("containerRuntimeEndpoint: " + NEW + "\n");
        assertThat(read("etc/kubelet.d/10-maximum.conf")).isEqualTo(other);
        assertThat(read("etc/kubelet.d/30-note.txt")).contains("c.sock");
        KubeletFiles.undo(changes);
        assertThat(read("var/lib/kubelet/config.yaml")).isEqualTo(config);
        assertThat(files.endpoint()).contains("unix:///b.sock");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    ExecStart=/k --container-runtime-endpoint unix:///a --x | ExecStart=/k --container-runtime-endpoint NEW --x
                    Environment="A=--container-runtime-endpoint=unix:///a" | Environment="A=--container-runtime-endpoint=NEW"
                    --container-runtime-endpoint='unix:///a b' | --container-runtime-endpoint='NEW b'
                    """)
    void aDropInKeepsAllElse(String before, String after) throws IOException {
        String comment = "# --container-runtime-endpoint=unix:///old\n[Service]\n";
        write("etc/systemd/system/kubelet.service.d/10-x.conf", comment + before + "\n");
        KubeletFiles files = new KubeletFiles(root, CONFIG);
        List<KubeletFiles.Change> changes = files.plan(NEW);
        KubeletFiles.apply(changes);
        assertThat(read("etc/systemd/system/kubelet.service.d/10-x.conf"))
                .isEqualTo(comment + after.replace("NEW", NEW) + "\n");
        assertThat(files.endpoint()).contains(NEW);
        KubeletFiles.undo(changes);
        assertThat(read("etc/systemd/system/kubelet.service.d/10-x.conf"))
                .isEqualTo(comment + before + "\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    a: 1;containerRuntimeEndpoint: "unix:///x" # why;b: 2; | a: 1;containerRuntimeEndpoint: NEW;b: 2;
                    a: 1;containerRuntimeEndpoint:;b: 2; | a: 1;containerRuntimeEndpoint: NEW;b: 2;
                    a: 1;b: 2; | a: 1;b: 2;containerRuntimeEndpoint: NEW;
                    a: 1;b: 2 | a: 1;b: 2;containerRuntimeEndpoint: NEW;
                    # containerRuntimeEndpoint: unix:///x;c:;  containerRuntimeEndpoint: inner; | # containerRuntimeEndpoint: unix:///x;c:;  containerRuntimeEndpoint: inner;containerRuntimeEndpoint: NEW;
                    """)
    void aConfigurationInYamlKeepsAllElse(String before, String after) throws IOException {
        write("var/lib/kubelet/config.yaml", lines(before));
        KubeletFiles files = new KubeletFiles(root, CONFIG);
        KubeletFiles.apply(files.plan(NEW));
        assertThat(read("var/lib/kubelet/config.yaml")).isEqualTo(lines(after).replace("NEW", NEW));
        assertThat(files.endpoint()).contains(NEW);
    }

    @Test
    void aConfigurationInJsonStaysOne() throws IOException {
        write("var/lib/kubelet/config.yaml", "{\"kind\": \"KubeletConfiguration\", \"port\": 1}");
        KubeletFiles files = new KubeletFiles(root, CONFIG);
        assertThat(files.endpoint()).isEmpty();
        KubeletFiles.apply(files.plan(NEW));
        assertThat(files.endpoint()).contains(NEW);
        assertThat(read("var/lib/kubelet/config.yaml")).contains("\"port\" : 1");
    }

    /// `kubeadm upgrade node` makes the configuration anew from it.
    @Test
    void whatKubeadmKeepsIsChangedToo() throws IOException {
        write("var/lib/kubelet/config.yaml", "containerRuntimeEndpoint: unix:///a.sock\n");
        write(INSTANCE, "containerRuntimeEndpoint: \"unix:///a.sock\"\n");
        KubeletFiles files = new KubeletFiles(root, CONFIG);
        List<KubeletFiles.Change> changes = files.plan(NEW);
        KubeletFiles.apply(changes);
        assertThat(read(INSTANCE)).isEqualTo("containerRuntimeEndpoint: " + NEW + "\n");
        assertThat(files.endpoint()).contains(NEW);
        assertThat(files.plan(NEW)).isEmpty();
        KubeletFiles.undo(changes);
        assertThat(read(INSTANCE)).isEqualTo("containerRuntimeEndpoint: \"unix:///a.sock\"\n");
    }

    @Test
    void imagesOfTheirOwnEndpointMoveAlong() throws IOException {
        String flags = "--container-runtime-endpoint=unix:///a --image-service-endpoint=unix:///i";
        write("etc/default/kubelet", "X=\"" + flags + "\"\n");
        write("var/lib/kubelet/config.yaml", "imageServiceEndpoint: unix:///j\nb: 2\n");
        KubeletFiles.apply(new KubeletFiles(root, CONFIG).plan(NEW));
        assertThat(read("etc/default/kubelet"))
                .isEqualTo(
                        "X=\"--container-runtime-endpoint=%s --image-service-endpoint=%s\"\n"
                                .formatted(NEW, NEW));
        assertThat(read("var/lib/kubelet/config.yaml"))
                .isEqualTo("imageServiceEndpoint: " + NEW + "\nb: 2\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    containerRuntimeEndpoint: a;imageServiceEndpoint: "b"; | containerRuntimeEndpoint: NEW;imageServiceEndpoint: NEW;
                    imageServiceEndpoint: "";a: 1; | imageServiceEndpoint: "";a: 1;containerRuntimeEndpoint: NEW;
                    """)
    void imagesWithoutAnEndpointOfTheirOwnGetNone(String before, String after) throws IOException {
        write("var/lib/kubelet/config.yaml", lines(before));
        KubeletFiles.apply(new KubeletFiles(root, CONFIG).plan(NEW));
        assertThat(read("var/lib/kubelet/config.yaml")).isEqualTo(lines(after).replace("NEW", NEW));
    }

    @Test
    void imagesOfAConfigurationInJsonMoveAlong() throws IOException {
        write("var/lib/kubelet/config.yaml", "{\"imageServiceEndpoint\": \"unix:///i\", \"b\": 2}");
        KubeletFiles.apply(new KubeletFiles(root, CONFIG).plan(NEW));
        assertThat(read("var/lib/kubelet/config.yaml"))
                .contains("\"imageServiceEndpoint\" : \"" + NEW + "\"")
                .contains("\"containerRuntimeEndpoint\" : \"" + NEW + "\"");
    }

    @Test
    void aFileOfSomebodyElseIsNotOverwritten() throws IOException {
        write("var/lib/kubelet/config.yaml", "a: 1\n");
        List<KubeletFiles.Change> changes = new KubeletFiles(root, CONFIG).plan(NEW);
        KubeletFiles.apply(changes);
        write("var/lib/kubelet/config.yaml", "a: 2\n");
        assertThatThrownBy(() -> KubeletFiles.undo(changes))
                .isInstanceOf(NodeException.class)
                .hasMessageContaining("config.yaml")
                .hasMessageContaining("somebody else");
        assertThat(read("var/lib/kubelet/config.yaml")).isEqualTo("a: 2\n");
    }

    @Test
    void modeAndLinkStay() throws IOException {
        Path real = write("shared/config.yaml", "a: 1\n");
        Files.setPosixFilePermissions(real, PosixFilePermissions.fromString("rw-r-----"));
        Path link = root.resolve("var/lib/kubelet/config.yaml");
        Files.createDirectories(link.getParent());
        Files.createSymbolicLink(link, real);
        KubeletFiles.apply(new KubeletFiles(root, CONFIG).plan(NEW));
        assertThat(link).isSymbolicLink();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(real)))
                .isEqualTo("rw-r-----");
        assertThat(real).content().contains(NEW);
    }

    @Test
    void noPlaceAtAllIsSaid() {
        assertThatThrownBy(() -> new KubeletFiles(root, CONFIG).plan(NEW))
                .isInstanceOf(NodeException.class)
                .hasMessageContaining("--kubelet-config");
    }

    private static String lines(String text) {
        return text.replace(';', '\n');
    }

    private Path write(String name, String text) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    private String read(String name) throws IOException {
        return Files.readString(root.resolve(name));
    }
}
