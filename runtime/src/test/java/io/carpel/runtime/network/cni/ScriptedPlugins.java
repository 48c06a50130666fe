package io.carpel.runtime.network.cni;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/// Plugins written in shell for a test. Each call is written down: the command in `calls`, input
/// and environment in `TYPE.COMMAND.in` and `.env`.
final class ScriptedPlugins {
    static final String RESULT =
            """
            {"cniVersion":"%s","interfaces":[{"name":"eth0","sandbox":"/x"}],
             "ips":[{"address":"10.1.2.3/24","interface":0}],"dns":{"nameservers":["10.0.0.53"]}}
            """;

    private final Path directory;
    private final Path bin;
    private final Path log;

    ScriptedPlugins(Path directory) throws IOException {
        this.directory = directory;
        this.bin = Files.createDirectories(directory.resolve("bin"));
        this.log = Files.createDirectories(directory.resolve("log"));
        Files.createDirectories(directory.resolve("conf"));
        Files.createFile(log.resolve("calls"));
    }

    /// A plugin that runs `body` with the command in `$CNI_COMMAND` after writing down its call.
    void plugin(String type, List<String> versions, String body) throws IOException {
        String script =
                """
                #!/bin/sh
                if [ "$CNI_COMMAND" = VERSION ]; then
                  echo probe %1$s >> %2$s/probes
                  echo '{"cniVersion":"1.0.0","supportedVersions":["%3$s"]}'; exit 0
                fi
                cat > %2$s/%1$s.$CNI_COMMAND.in
                env > %2$s/%1$s.$CNI_COMMAND.env
                echo "$CNI_COMMAND %1$s" >> %2$s/calls
                %4$s
                """
                        .formatted(type, log, String.join("\",\"", versions), body);
        Path file = bin.resolve(type);
        Files.deleteIfExists(file);
        Files.createFile(
                file,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
        Files.writeString(file, script);
    }

    /// One that answers ADD with [#RESULT] of this version.
    void working(String type, String version) throws IOException {
        plugin(
                type,
                List.of(version),
                "if [ $CNI_COMMAND = ADD ]; then cat <<'EOF'\n%s\nEOF\nfi"
                        .formatted(RESULT.formatted(version)));
    }

    void config(String file, String content) throws IOException {
        Files.writeString(directory.resolve("conf").resolve(file), content);
    }

    Path bin() {
        return bin;
    }

    Path configDirectory() {
        return directory.resolve("conf");
    }

    List<String> calls() throws IOException {
        return Files.readAllLines(log.resolve("calls"));
    }

    long probes() throws IOException {
        return Files.readAllLines(log.resolve("probes")).size();
    }

    /// What a plugin read on its standard input at its last call of this command.
    String input(String type, String command) throws IOException {
        return Files.readString(log.resolve(type + "." + command + ".in"), StandardCharsets.UTF_8);
    }

    List<String> environment(String type, String command) throws IOException {
        return Files.readAllLines(log.resolve(type + "." + command + ".env"));
    }
}
