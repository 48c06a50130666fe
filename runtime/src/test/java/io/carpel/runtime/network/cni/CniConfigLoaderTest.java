package io.carpel.runtime.network.cni;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.network.cni.CniConfigLoader.Loaded;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class CniConfigLoaderTest {
    @TempDir Path directory;

    private Loaded load() {
        return new CniConfigLoader(directory).load();
    }

    private void write(String name, String content) throws IOException {
        Path file = directory.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
    }

    private static String list(String name) {
        return "{\"cniVersion\":\"1.0.0\",\"name\":\"%s\",\"plugins\":[{\"type\":\"bridge\"}]}"
                .formatted(name);
    }

    @Test
    void firstUsableFileInTheOrderOfNamesServes() throws IOException {
        write("20-b.conflist", list("b"));
        write("10-a.conflist", "{");
        write("15-c.conf", "{\"cniVersion\":\"0.4.0\",\"name\":\"c\",\"type\":\"bridge\"}");
        write("05-ignored.txt", list("no"));
        write("06-ignored.conflist.bak", list("no"));
        Loaded loaded = load();
        assertThat(loaded.network().orElseThrow().name()).isEqualTo("c");
        assertThat(loaded.files()).hasSize(3);
        assertThat(loaded.problems())
                .singleElement()
                .asString()
                .startsWith(directory.resolve("10-a.conflist") + ": is not JSON: ");
    }

    @Test
    void changeIsSeenAtTheNextLook() throws IOException {
        var loader = new CniConfigLoader(directory);
        assertThat(loader.load().network()).isEmpty();
        assertThat(loader.load().files()).isEmpty();
        write("10-a.conflist", list("a"));
        Loaded first = loader.load();
        assertThat(first.network().orElseThrow().name()).isEqualTo("a");
        assertThat(loader.load()).as("read once").isSameAs(first);
        write("10-a.conflist", list("longer"));
        assertThat(loader.load().network().orElseThrow().name()).isEqualTo("longer");
        Files.delete(directory.resolve("10-a.conflist"));
        assertThat(loader.load().network()).isEmpty();
    }

    @Test
    void missingDirectoryIsAnEmptyOne() throws IOException {
        Files.delete(directory);
        assertThat(load().files()).isEmpty();
        assertThat(load().problems()).isEmpty();
    }

    @Test
    void pluginsInFilesOfTheirOwnFollowTheInlinedOnes() throws IOException {
        write("10-a.conflist", list("a"));
        write("a/20-y.conf", "{\"type\":\"y\"}");
        write("a/10-x.conf", "{\"type\":\"x\"}");
        write("other/10-z.conf", "{\"type\":\"z\"}");
        assertThat(load().network().orElseThrow().plugins())
                .extracting(CniNetworkList.Plugin::type)
                .containsExactly("bridge", "x", "y");
        write(
                "10-a.conflist",
                list("a").replace("{\"cni", "{\"loadOnlyInlinedPlugins\":true,\"cni"));
        assertThat(load().network().orElseThrow().plugins()).hasSize(1);
    }

    @Test
    void hugeAndOddFilesAreNotRead() throws IOException {
        write("10-a.conflist", "[" + " ".repeat(1 << 20) + "]");
        Files.createDirectory(directory.resolve("11-b.conflist"));
        Files.createSymbolicLink(directory.resolve("12-c.conflist"), Path.of("/dev/zero"));
        Files.createSymbolicLink(directory.resolve("13-d.conflist"), directory.resolve("none"));
        Loaded loaded = load();
        assertThat(loaded.network()).isEmpty();
        assertThat(loaded.problems())
                .hasSize(3)
                .anyMatch(problem -> problem.contains("10-a.conflist: is larger than"))
                .anyMatch(problem -> problem.contains("12-c.conflist: is not a regular file"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[]|is not a JSON object",
                "`{\"cniVersion\":\"1.0.0\",\"plugins\":[{\"type\":\"a\"}]}`|name is missing",
                "`{\"cniVersion\":\"1.0.0\",\"name\":\"../x\",\"plugins\":[{\"type\":\"a\"}]}`|name '../x' is malformed",
                "`{\"name\":\"n\",\"plugins\":[{\"type\":\"a\"}]}`|cniVersion is missing",
                "`{\"cniVersion\":\"0.2.0\",\"name\":\"n\",\"plugins\":[{\"type\":\"a\"}]}`|cniVersion 0.2.0 is not one of [0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0]",
                "`{\"cniVersion\":\"1.0.0\",\"name\":\"n\"}`|plugins is missing or empty",
                "`{\"cniVersion\":\"1.0.0\",\"name\":\"n\",\"plugins\":{}}`|plugins is not a list",
                "`{\"cniVersion\":\"1.0.0\",\"name\":\"n\",\"plugins\":[7]}`|plugin 0 is not an object",
                "`{\"cniVersion\":\"1.0.0\",\"name\":\"n\",\"plugins\":[{}]}`|plugin 0 has no type",
                "`{\"cniVersion\":\"1.0.0\",\"name\":\"n\",\"plugins\":[{\"type\":\"../sh\"}]}`|plugin 0: type '../sh' is malformed",
                "`{\"cniVersion\":\"1.0.0\",\"name\":\"n\",\"disableGC\":7,\"plugins\":[{\"type\":\"a\"}]}`|disableGC is neither true nor false: 7",
            })
    void wrongFilesAreExplained(String content, String problem) throws IOException {
        write("10-a.conflist", content);
        assertThat(load().network()).isEmpty();
        assertThat(load().problems())
                .containsExactly(directory.resolve("10-a.conflist") + ": " + problem);
    }

    @Test
    void listInASinglePluginsFileIsExplained() throws IOException {
        write("10-a.conf", list("a"));
        assertThat(load().problems())
                .containsExactly(
                        directory.resolve("10-a.conf")
                                + ": a list of plugins belongs in a file named *.conflist");
    }

    @Test
    void newestCommonVersionIsSpoken() throws Exception {
        var network =
                CniNetworkList.parse(
                        """
                        {"cniVersion":"0.4.0","cniVersions":["0.4.0","1.1.0","2.0.0"],
                         "disableCheck":"true","name":"n","plugins":[{"type":"a"}]}
                        """
                                .getBytes(StandardCharsets.UTF_8));
        assertThat(network.version()).isEqualTo(CniVersion.V1_1_0);
        assertThat(network.disableCheck()).isTrue();
        assertThat(List.of(network.disableGc(), network.onlyInlinedPlugins())).containsOnly(false);
    }
}
