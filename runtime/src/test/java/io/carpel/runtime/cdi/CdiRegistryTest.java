package io.carpel.runtime.cdi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.error.UnsupportedException;
import io.carpel.runtime.spec.DeviceSpec;
import io.carpel.runtime.spec.EnvVar;
import io.carpel.runtime.spec.MountSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class CdiRegistryTest {
    @TempDir Path directory;

    private Path low = Path.of("");
    private Path high = Path.of("");
    private final List<Path> where = new ArrayList<>();
    private final CdiRegistry registry = new CdiRegistry(() -> List.copyOf(where));

    @BeforeEach
    void layOut() throws IOException {
        low = Files.createDirectory(directory.resolve("etc"));
        high = Files.createDirectory(directory.resolve("run"));
        where.addAll(List.of(low, high));
    }

    private static void write(Path in, String name, String text) throws IOException {
        Files.writeString(in.resolve(name), text);
    }

    /// One device whose only edit is a variable, so that it shows which one was taken.
    private static String simple(String device, String value) {
        return """
        {"cdiVersion": "0.6.0", "kind": "example.test/gpu", "devices": [
          {"name": "%s", "containerEdits": {"env": ["FROM=%s"]}}]}
        """
                .formatted(device, value);
    }

    private List<EnvVar> env(String... names) {
        return registry.resolve(List.of(names)).env();
    }

    private static final String EVERYTHING =
            """
            cdiVersion: "1.1.0"
            kind: example.test/gpu.x
            annotations: {whatever: it says}
            containerEdits:
              env: [COMMON=1]
              mounts:
                - {hostPath: LIBRARY, containerPath: /lib/x.so, options: [ro, nosuid, rbind, rslave]}
            devices:
              - name: 0-a
                containerEdits:
                  env: ["MINE=a=b"]
                  additionalGids: [0, 44]
                  deviceNodes:
                    - path: /dev/gpu0
                      hostPath: /dev/full
                      type: c
                      major: 1
                      minor: 7
                      fileMode: 438
                      permissions: rw
                      uid: 5
                      gid: 6
              - name: other
                containerEdits:
                  deviceNodes: [{path: /dev/null}]
            """;

    private static Optional<DeviceSpec.Node> node(String kind, Long... numbers) {
        List<Optional<Long>> all = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            all.add(i < numbers.length ? Optional.of(numbers[i]) : Optional.empty());
        }
        return Optional.of(
                new DeviceSpec.Node(
                        kind, all.get(0), all.get(1), all.get(2), all.get(3), all.get(4)));
    }

    @Test
    void everythingThatIsSupportedArrives() throws IOException {
        Path library = Files.writeString(directory.resolve("lib.so"), "x");
        write(low, "gpu.yaml", EVERYTHING.replace("LIBRARY", library.toString()));
        CdiEdits edits =
                registry.resolve(
                        List.of(
                                "example.test/gpu.x=0-a",
                                "example.test/gpu.x=other",
                                "example.test/gpu.x=0-a"));
        assertThat(edits.env()).containsExactly(EnvVar.of("COMMON", "1"), EnvVar.of("MINE", "a=b"));
        assertThat(edits.groups()).containsExactly(44L);
        assertThat(edits.devices())
                .containsExactly(
                        new DeviceSpec(
                                "/dev/full", "/dev/gpu0", "rw", node("c", 1L, 7L, 438L, 5L, 6L)),
                        new DeviceSpec("/dev/null", "/dev/null", "", node("")));
        MountSpec mount = edits.mounts().getFirst();
        assertThat(edits.mounts()).hasSize(1);
        assertThat(mount.source()).isEqualTo(library.toString());
        assertThat(mount.readonly()).isTrue();
        assertThat(mount.options()).containsExactly("nosuid");
        assertThat(mount.propagation()).isEqualTo(MountSpec.Propagation.HOST_TO_CONTAINER);
    }

    @Test
    void filesAreReadAgainWhenTheyChange() throws IOException {
        assertThatThrownBy(() -> env("example.test/gpu=a"))
                .isInstanceOf(NotFoundException.class)
                .hasMessageContaining("example.test/gpu=a is not defined by any file in");
        write(low, "gpu.json", simple("a", "first"));
        assertThat(env("example.test/gpu=a")).containsExactly(EnvVar.of("FROM", "first"));
        write(low, "gpu.json", simple("a", "changed"));
        assertThat(env("example.test/gpu=a")).containsExactly(EnvVar.of("FROM", "changed"));
        // As plugins do it: written beside and renamed.
        write(low, "next", simple("b", "moved"));
        Files.move(
                low.resolve("next"),
                low.resolve("gpu.json"),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        assertThat(env("example.test/gpu=b")).containsExactly(EnvVar.of("FROM", "moved"));
        Files.delete(low.resolve("gpu.json"));
        assertThatThrownBy(() -> env("example.test/gpu=b")).isInstanceOf(NotFoundException.class);
    }

    @Test
    void directoriesMayBecomeOthers() throws IOException {
        write(low, "gpu.json", simple("a", "low"));
        where.clear();
        assertThatThrownBy(() -> env("example.test/gpu=a"))
                .isInstanceOf(NotFoundException.class)
                .hasMessageContaining("any file in []");
        where.add(low);
        assertThat(env("example.test/gpu=a")).containsExactly(EnvVar.of("FROM", "low"));
    }

    @Test
    void aLaterDirectoryHasPrecedenceAndEqualOnesAreAConflict() throws IOException {
        write(low, "a.json", simple("x", "low"));
        write(high, "z.json", simple("x", "high"));
        assertThat(env("example.test/gpu=x")).containsExactly(EnvVar.of("FROM", "high"));
        write(high, "y.json", simple("x", "too"));
        assertThatThrownBy(() -> env("example.test/gpu=x"))
                .isInstanceOf(FailedPreconditionException.class)
                .hasMessageContaining(high.resolve("y.json").toString())
                .hasMessageContaining(high.resolve("z.json").toString());
        // A conflict above settles a conflict below, and another device has none.
        write(low, "b.json", simple("w", "alone"));
        assertThat(env("example.test/gpu=w")).containsExactly(EnvVar.of("FROM", "alone"));
    }

    @Test
    void aBrokenFileHarmsNoOtherAndIsNamedWhenADeviceIsMissing() throws IOException {
        write(low, "bad.json", "{\n\"cdiVersion\": oops");
        write(low, "good.json", simple("a", "good"));
        write(low, "ignored.txt", "nonsense");
        Files.createDirectory(low.resolve("directory.json"));
        assertThat(env("example.test/gpu=a")).hasSize(1);
        assertThatThrownBy(() -> env("example.test/gpu=b"))
                .isInstanceOf(NotFoundException.class)
                .hasMessageContaining("bad.json: line 2")
                .hasMessageContaining("directory.json: is no file")
                .hasMessageNotContaining("ignored");
    }

    @Test
    void aFileThatEverybodyMayWriteIsNotBelieved() throws IOException {
        write(low, "gpu.json", simple("a", "x"));
        Files.setPosixFilePermissions(
                low.resolve("gpu.json"), PosixFilePermissions.fromString("rw-rw-rw-"));
        assertThatThrownBy(() -> env("example.test/gpu=a"))
                .hasMessageContaining("gpu.json: may be written by everybody");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "gpu",
                "example.test/gpu",
                "example.test/gpu=",
                "=a",
                "/gpu=a",
                "example.test/=a",
                "example.test/gpu=a b",
                "example.test/gpu=../../etc",
                "example.test/gpu=a\n",
                "1/gpu=a"
            })
    void aNameThatCannotBeOneIsRefused(String name) {
        assertThatThrownBy(() -> env(name))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("is not like vendor.com/class=device");
    }

    @Test
    void aMillionNamesAreRefused() {
        assertThatThrownBy(() ->
                        registry.resolve(Collections.nCopies(1_000_000, "example.test/gpu=a")))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("1000000 CDI devices");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"hooks\": [{\"hookName\": \"createContainer\", \"path\": \"/bin/x\"}]}"
                        + "|the createContainer hook /bin/x",
                "{\"intelRdt\": {\"closID\": \"x\"}}|Intel RDT",
                "{\"netDevices\": [{\"hostInterfaceName\": \"a\", \"name\": \"b\"}]}"
                        + "|network devices",
                "{\"deviceNodes\": [{\"path\": \"/dev/x\", \"type\": \"p\"}]}"
                        + "|the named pipe /dev/x",
                "{\"mounts\": [{\"hostPath\": \"/\", \"containerPath\": \"/x\","
                        + " \"type\": \"tmpfs\"}]}|a mount of type tmpfs",
                "{\"mounts\": [{\"hostPath\": \"/\", \"containerPath\": \"/x\","
                        + " \"options\": [\"suid\"]}]}|mount option suid"
            })
    void whatCannotBeDoneIsRefusedByNameAndOnlyForItsDevice(String edits, String what)
            throws IOException {
        write(
                low,
                "gpu.json",
                """
                {"cdiVersion": "1.1.0", "kind": "example.test/gpu", "devices": [
                  {"name": "bad", "containerEdits": %s},
                  {"name": "good", "containerEdits": {"env": ["A=b"]}}]}
                """
                        .formatted(edits));
        assertThatThrownBy(() -> env("example.test/gpu=bad"))
                .isInstanceOf(UnsupportedException.class)
                .hasMessageContaining("example.test/gpu=bad")
                .hasMessageContaining(what);
        assertThat(env("example.test/gpu=good")).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"kind\": \"a.b/c\"}|cdiVersion '' is none of",
                "{\"cdiVersion\": \"9.9.9\"}|cdiVersion '9.9.9' is none of",
                "{\"cdiVersion\": \"0.6.0\", \"kind\": \"nonsense\"}|kind 'nonsense'",
                "{\"cdiVersion\": \"0.5.0\", \"kind\": \"a.b/c.d\"}|needs cdiVersion 0.6.0",
                "{\"cdiVersion\": \"0.6.0\", \"kind\": \"a.b/c\"}|devices is empty",
                "{\"cdiVersion\": \"0.6.0\", \"kinds\": \"a.b/c\"}|unknown field 'kinds'",
                "[]|the file is not an object",
                "{\"cdiVersion\": \"0.6.0\", \"kind\": \"a.b/c\", \"devices\":"
                        + " [{\"name\": \"a\"}]}|devices[0].containerEdits is not an object",
                "{\"cdiVersion\": \"0.6.0\", \"kind\": \"a.b/c\", \"devices\":"
                        + " [{\"name\": \"a\", \"containerEdits\": {}}]}"
                        + "|devices[0].containerEdits is empty",
                "{\"cdiVersion\": \"0.4.0\", \"kind\": \"a.b/c\", \"devices\":"
                        + " [{\"name\": \"0\", \"containerEdits\": {\"env\": [\"A=b\"]}}]}"
                        + "|needs cdiVersion 0.5.0",
                "{\"cdiVersion\": \"0.6.0\", \"kind\": \"a.b/c\", \"devices\":"
                        + " [{\"name\": \"a\", \"containerEdits\": {\"env\": [\"A\"]}}]}"
                        + "|is not like NAME=value",
                "{\"cdiVersion\": \"0.6.0\", \"kind\": \"a.b/c\", \"devices\":"
                        + " [{\"name\": \"a\", \"containerEdits\": {\"additionalGids\": [5]}}]}"
                        + "|needs cdiVersion 0.7.0",
                "{\"cdiVersion\": \"0.7.0\", \"kind\": \"a.b/c\", \"devices\":"
                        + " [{\"name\": \"a\", \"containerEdits\": {\"additionalGids\": [-1]}}]}"
                        + "|additionalGids '-1' is not a group",
                "{\"cdiVersion\": \"0.6.0\", \"kind\": \"a.b/c\", \"devices\":"
                        + " [{\"name\": \"a\", \"containerEdits\": {\"deviceNodes\":"
                        + " [{\"path\": \"dev\"}]}}]}|path 'dev' is not an absolute path",
                "{\"cdiVersion\": \"0.6.0\", \"kind\": \"a.b/c\", \"devices\":"
                        + " [{\"name\": \"a\", \"containerEdits\": {\"deviceNodes\":"
                        + " [{\"path\": \"/dev/x\", \"major\": -1}]}}]}|major '-1'"
            })
    void whatIsWrongIsNamedWithItsPlace(String text, String message) throws IOException {
        write(low, "gpu.json", text);
        assertThatThrownBy(() -> env("a.b/c=a"))
                .isInstanceOf(NotFoundException.class)
                .hasMessageContaining("gpu.json: ")
                .hasMessageContaining(message);
    }

    @Test
    void aMountWhoseSourceIsMissingIsNamed() throws IOException {
        write(
                low,
                "gpu.json",
                """
                {"cdiVersion": "0.6.0", "kind": "example.test/gpu", "devices": [
                  {"name": "a", "containerEdits": {"mounts": [
                    {"hostPath": "/no/such/library", "containerPath": "/x"}]}}]}
                """);
        assertThatThrownBy(() -> env("example.test/gpu=a"))
                .isInstanceOf(NotFoundException.class)
                .hasMessageContaining("/no/such/library does not exist");
    }

    @Test
    void missingDirectoriesAreEmptyOnes() {
        CdiRegistry none = new CdiRegistry(() -> List.of(directory.resolve("nowhere")));
        assertThat(none.resolve(List.of())).isEqualTo(CdiEdits.NONE);
        assertThatThrownBy(() -> none.resolve(List.of("a.b/c=d")))
                .isInstanceOf(NotFoundException.class);
    }

    @Test
    void aYamlFileOfReferencesToReferencesCostsNothing() throws IOException {
        StringBuilder bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (int i = 1; i < 60; i++) {
            bomb.append("a%d: &a%d [".formatted(i, i));
            bomb.append("*a%d, ".formatted(i - 1).repeat(10)).append("]\n");
        }
        write(low, "bomb.yaml", bomb.toString());
        write(low, "good.json", simple("a", "good"));
        assertThat(env("example.test/gpu=a")).hasSize(1);
    }
}
