package io.carpel.runtime.launch;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.spec.Bytes;
import io.carpel.runtime.spec.EnvVar;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// What runs on the host for a container has no variable, directory, library or program that the
/// container or its image chose. Needs root.
final class SecurityProperty15HostProgramsIT {
    /// What a dynamic loader, a shell and a C library obey.
    private static final List<String> MAGIC =
            List.of("LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "GCONV_PATH", "BASH_ENV", "ENV");

    @RegisterExtension final ShimExtension shims = new ShimExtension();

    /// A container that chooses all it can, with a program of the shim's name first in its path.
    private TestContainer hostile() throws IOException {
        TestContainer container = shims.container();
        Path evil = Files.createDirectory(container.layer.resolve("evil"));
        Files.writeString(evil.resolve("evil.so"), "no library");
        for (String program : List.of("carpel-shim", "nft", "apparmor_parser", "mount")) {
            Path file = Files.writeString(evil.resolve(program), "#!/bin/sh\n");
            assertThat(file.toFile().setExecutable(true)).isTrue();
        }
        container.env = new ArrayList<>(List.of(EnvVar.of("PATH", "/evil:/bin")));
        MAGIC.forEach(name -> container.env.add(EnvVar.of(name, "/evil/evil.so")));
        container.workingDir = "/evil";
        return container;
    }

    @Test
    void theShimOfAHostileContainerIsTheHosts() throws Exception {
        TestContainer container = hostile();
        container.argv = List.of("/bin/sleep", "600");
        ShimConnection started = shims.start(container);
        long shim = ProcessHandle.of(started.pid()).orElseThrow().parent().orElseThrow().pid();
        Path proc = Path.of("/proc", Long.toString(shim));
        assertThat(Files.readString(proc.resolve("comm"))).startsWith("carpel-shim");
        assertThat(Files.readAllBytes(proc.resolve("environ"))).isEmpty();
        assertThat(Files.readSymbolicLink(proc.resolve("cwd"))).isEqualTo(Path.of("/"));
        assertThat(Files.isSameFile(proc.resolve("root"), Path.of("/"))).isTrue();
        assertThat(mappedFiles(proc)).allMatch(file -> file.startsWith("/memfd:carpel-shim"));
    }

    private static List<String> mappedFiles(Path proc) throws IOException {
        return Files.readAllLines(proc.resolve("maps")).stream()
                .map(line -> line.split(" +", 6))
                .filter(fields -> fields.length == 6 && fields[5].startsWith("/"))
                .map(fields -> fields[5])
                .toList();
    }

    /// Network plugins, credential helpers and the loader of profiles are all started so.
    @Test
    void aProgramOfTheHostHasWhatItsCallerGaveIt() throws Exception {
        assertThat(lines("/usr/bin/env", Map.of("CNI_COMMAND", "ADD")))
                .hasSize(2)
                .contains("CNI_COMMAND=ADD")
                .anyMatch(line -> line.matches("PATH=(/[a-z]+)+(:(/[a-z]+)+)*"));
        assertThat(lines("/bin/pwd", Map.of())).containsExactly("/");
    }

    private static List<String> lines(String program, Map<String, String> environment)
            throws IOException {
        Bytes printed =
                HostProgram.run(List.of(program), environment, new byte[0], ShimExtension.LIMIT)
                        .stdout();
        return new String(printed.toArray(), StandardCharsets.UTF_8).lines().toList();
    }
}
