package io.carpel.runtime.image.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RegistryFilesTest {
    @TempDir Path directory;

    private RegistrySettings settings() {
        return new RegistrySettings(
                directory.resolve("registries.conf"),
                directory.resolve("registries.conf.d"),
                directory.resolve("policy.json"),
                List.of(directory.resolve("auth.json")),
                List.of(directory.resolve("certs.d")),
                Duration.ofSeconds(1),
                Duration.ofSeconds(1),
                1);
    }

    private void write(String name, String text) throws IOException {
        Path file = directory.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    @Test
    void absentFilesAndGoodOnesAreNoProblem() throws IOException {
        assertThat(RegistryFiles.problems(settings())).isEmpty();
        write("registries.conf", "[[registry]]\nlocation = \"a.test\"\n");
        write("registries.conf.d/10.conf", "");
        write("policy.json", "{\"default\": [{\"type\": \"insecureAcceptAnything\"}]}");
        write("auth.json", "{\"auths\": {}}");
        Files.createDirectories(directory.resolve("certs.d/a.test"));
        assertThat(RegistryFiles.problems(settings())).isEmpty();
    }

    @Test
    void eachFileThatAPullWouldFailForIsNamed() throws IOException {
        write("registries.conf.d/10.conf", "[[registry]]\n");
        write("policy.json", "{");
        write("auth.json", "{\"auths\": \"secret");
        write("certs.d/a.test:5000/ca.crt", "-----BEGIN CERTIFICATE-----\nno\n");
        write("certs.d/b.test/client.cert", "-----BEGIN CERTIFICATE-----\nno\n");
        List<String> problems = RegistryFiles.problems(settings());
        assertThat(problems).hasSize(5);
        assertThat(problems.get(0)).contains("10.conf").contains("neither prefix nor location");
        assertThat(problems.get(1)).contains("policy.json");
        assertThat(problems.get(2)).contains("auth.json").doesNotContain("secret");
        assertThat(problems.get(3)).contains("ca.crt");
        assertThat(problems.get(4)).contains("client.cert");
    }
}
