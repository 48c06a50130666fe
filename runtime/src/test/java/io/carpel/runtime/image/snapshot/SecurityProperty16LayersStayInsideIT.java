package io.carpel.runtime.image.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.image.TestTar;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.FileCalls;
import io.carpel.runtime.linux.LinuxFileCalls;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Archives that try to reach outside of the layer's directory.
final class SecurityProperty16LayersStayInsideIT {
    private static final FileCalls FILES = new LinuxFileCalls();

    @TempDir Path directory;
    private Path layer;
    private Path victim;

    @BeforeEach
    void prepare() throws IOException {
        layer = Files.createDirectory(directory.resolve("layer"));
        victim = Files.createDirectory(directory.resolve("victim"));
        Files.writeString(victim.resolve("file"), "untouched");
    }

    private LayerUnpacker.Result unpack(TestTar tar) throws IOException {
        return unpack(tar.bytes(), LayerLimits.defaults());
    }

    private LayerUnpacker.Result unpack(byte[] archive, LayerLimits limits) throws IOException {
        return unpack(archive, limits, Optional.empty());
    }

    private LayerUnpacker.Result unpack(
            byte[] archive, LayerLimits limits, Optional<List<Path>> below) throws IOException {
        try (Fd root = FILES.open(layer.toString(), FileCalls.O_RDONLY, 0)) {
            return LayerUnpacker.unpack(
                    FILES,
                    limits,
                    new ByteArrayInputStream(archive),
                    () -> archive.length,
                    root,
                    below,
                    directory.resolve("index"));
        }
    }

    private static List<String> names(Path directory) throws IOException {
        try (var entries = Files.list(directory)) {
            return entries.map(p -> String.valueOf(p.getFileName())).toList();
        }
    }

    private void assertOutsideUntouched() throws IOException {
        assertThat(victim).isDirectoryContaining("glob:**/file");
        assertThat(names(victim)).containsExactly("file");
        assertThat(Files.readString(victim.resolve("file"))).isEqualTo("untouched");
        assertThat(Files.getAttribute(victim.resolve("file"), "unix:mode")).isEqualTo(0100644);
        assertThat(names(directory)).containsOnly("layer", "victim", "index");
    }

    @Test
    void namesThatClimbAreRefused() throws IOException {
        for (String name : new String[] {"../victim/x", "a/../../victim/x", "/../victim/x"}) {
            assertThatThrownBy(() -> unpack(new TestTar().file(name, 0644, "x")))
                    .isInstanceOf(LayerRefusedException.class)
                    .hasMessageContaining("out of the layer");
        }
        unpack(new TestTar().file("/etc/x", 0644, "inside"));
        assertThat(layer.resolve("etc/x")).hasContent("inside");
        assertOutsideUntouched();
    }

    @Test
    void linksLeadToPlacesInsideOnly() throws IOException {
        unpack(
                new TestTar()
                        .dir("real", 0755)
                        .symlink("abs", "/real")
                        .file("abs/inside", 0644, "a")
                        .symlink("up", "../../../../real")
                        .file("up/too", 0644, "b"));
        assertThat(layer.resolve("real/inside")).hasContent("a");
        assertThat(layer.resolve("real/too")).hasContent("b");
        assertOutsideUntouched();
    }

    @Test
    void linksToTheHostAreNotFollowed() throws IOException {
        String target = victim.toString();
        unpack(
                new TestTar()
                        .symlink("out", target)
                        .file("out/file", 04777, "replaced")
                        .symlink("f", target + "/file")
                        .file("f", 04777, "replaced"));
        assertThat(layer.resolve("f")).hasContent("replaced");
        assertOutsideUntouched();
    }

    @Test
    void hardLinksStayInsideAndNeverFollow() throws IOException {
        byte[] thief =
                new TestTar().hardlink("steal", victim + "/file").file("steal", 0777, "x").bytes();
        assertThatThrownBy(() -> unpack(thief, LayerLimits.defaults(), Optional.of(List.of())))
                .isInstanceOf(LayerRefusedException.class)
                .hasMessageContaining("hard link");
        assertThat(unpack(thief, LayerLimits.defaults()).lacking()).isTrue();
        assertOutsideUntouched();
        unpack(
                new TestTar()
                        .symlink("s", victim + "/file")
                        .hardlink("h", "s")
                        .file("h", 0777, "mine"));
        assertThat(layer.resolve("h")).hasContent("mine");
        assertOutsideUntouched();
    }

    @Test
    void whiteoutsDeleteNothingHere() throws IOException {
        for (String name : new String[] {".wh.", ".wh..", ".wh...", "a/.wh..."}) {
            assertThatThrownBy(() -> unpack(new TestTar().file(name, 0, "")))
                    .as(name)
                    .isInstanceOf(LayerRefusedException.class);
        }
        unpack(
                new TestTar()
                        .symlink("out", victim.toString())
                        .file("out/.wh.file", 0, "")
                        .file("out/.wh..wh..opq", 0, ""));
        assertOutsideUntouched();
    }

    @Test
    void attributesThatSpeakToTheHostAreLeftOut() throws IOException {
        byte[] capability = {1, 0, 0, 2, (byte) 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
        byte[] archive =
                paxArchive(
                        Map.of(
                                "SCHILY.xattr.trusted.overlay.redirect", bytes("/etc"),
                                "SCHILY.xattr.user.overlay.opaque", bytes("y"),
                                "SCHILY.xattr.security.selinux", bytes("unconfined"),
                                "SCHILY.xattr.user.mine", bytes("v"),
                                "SCHILY.xattr.security.capability", capability));
        unpack(archive, LayerLimits.defaults());
        try (Fd file = FILES.open(layer.resolve("x").toString(), FileCalls.O_RDONLY, 0)) {
            assertThat(FILES.flistxattr(file))
                    .contains("user.mine", "security.capability")
                    .doesNotContain("trusted.overlay.redirect", "user.overlay.opaque");
            assertThat(FILES.fgetxattr(file, "security.capability")).isEqualTo(capability);
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /// By hand: the library cannot write binary values.
    private static byte[] paxArchive(Map<String, byte[]> records) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (var record : records.entrySet()) {
            int rest = 1 + record.getKey().length() + 1 + record.getValue().length + 1;
            int length = rest + 2;
            length = String.valueOf(length).length() == 2 ? length : rest + 3;
            body.writeBytes(bytes(length + " " + record.getKey() + "="));
            body.writeBytes(record.getValue());
            body.write('\n');
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(header("pax", 'x', body.size()));
        out.writeBytes(body.toByteArray());
        out.writeBytes(new byte[(512 - body.size() % 512) % 512]);
        out.writeBytes(header("x", '0', 0));
        out.writeBytes(new byte[1024]);
        return out.toByteArray();
    }

    private static byte[] header(String name, char type, int size) {
        byte[] block = new byte[512];
        put(block, 0, name);
        put(block, 100, "0000644\0");
        put(block, 108, "0000000\0");
        put(block, 116, "0000000\0");
        put(block, 124, "%011o\0".formatted(size));
        put(block, 136, "00000000000\0");
        put(block, 148, "        ");
        block[156] = (byte) type;
        put(block, 257, "ustar\00000");
        int sum = 0;
        for (byte b : block) {
            sum += b & 0xFF;
        }
        put(block, 148, "%06o\0 ".formatted(sum));
        return block;
    }

    private static void put(byte[] block, int at, String text) {
        byte[] raw = bytes(text);
        System.arraycopy(raw, 0, block, at, raw.length);
    }

    @Test
    void everyKindOfEntrySurvives() throws IOException {
        LayerUnpacker.Result result =
                unpack(
                        new TestTar()
                                .dir("d", 01777)
                                .file("d/suid", 06755, 12, 34, bytes("x"), Map.of())
                                .hardlink("d/same", "d/suid")
                                .node("null", TarConstants.LF_CHR, 1, 3)
                                .node("disk", TarConstants.LF_BLK, 8, 300)
                                .node("pipe", TarConstants.LF_FIFO, 0, 0)
                                .file(".wh.lower", 0, "")
                                .file("d/.wh..wh..opq", 0, "")
                                .file("é/ü" + "x".repeat(150), 0644, "long"));
        Path suid = layer.resolve("d/suid");
        assertThat(Files.getAttribute(suid, "unix:mode")).isEqualTo(0106755);
        assertThat(Files.getAttribute(suid, "unix:uid")).isEqualTo(12);
        assertThat(Files.getAttribute(suid, "unix:nlink")).isEqualTo(2);
        assertThat(Files.getLastModifiedTime(layer.resolve("d")).toMillis())
                .isEqualTo(1_000_000_000_000L);
        assertThat(rdev("null")).isEqualTo(1L << 8 | 3);
        assertThat(rdev("lower")).isZero();
        assertThat(result.implicit()).hasSize(1);
        try (Fd d = FILES.open(layer.resolve("d").toString(), FileCalls.O_RDONLY, 0)) {
            assertThat(Whiteouts.isOpaque(FILES, d)).isTrue();
        }
        assertThat(result.exact()).isTrue();
    }

    private long rdev(String name) throws IOException {
        return ((Number)
                        Files.getAttribute(
                                layer.resolve(name), "unix:rdev", LinkOption.NOFOLLOW_LINKS))
                .longValue();
    }

    @Test
    void theArchiveCanBeMadeAgain() throws IOException {
        byte[] archive =
                new TestTar()
                        .dir("a", 0755)
                        .file("a/b", 0644, "content".repeat(1000))
                        .file(".wh.c", 0, "")
                        .symlink("l", "a/b")
                        .bytes();
        LayerUnpacker.Result result = unpack(archive, LayerLimits.defaults());
        ByteArrayOutputStream again = new ByteArrayOutputStream();
        try (var restored = RestoredArchive.open(FILES, directory.resolve("index"), layer)) {
            restored.transferTo(again);
        }
        assertThat(again.toByteArray()).isEqualTo(archive);
        assertThat(result.archiveBytes()).isEqualTo(archive.length);
    }

    @Test
    void boundsAreKept() {
        LayerLimits few = new LayerLimits(2, 1 << 20, 10, 1 << 16);
        assertThatThrownBy(() ->
                        unpack(new TestTar().dir("a", 0).dir("b", 0).dir("c", 0).bytes(), few))
                .hasMessageContaining("more than 2 entries");
        byte[] large = new TestTar().file("z", 0, 0, 0, new byte[2 << 20], Map.of()).bytes();
        assertThatThrownBy(() -> unpack(large, few)).hasMessageContaining("more than");
    }
}
