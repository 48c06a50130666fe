package io.carpel.runtime.image;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/// Archives for tests, hostile ones included.
public final class TestTar {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final TarArchiveOutputStream tar = new TarArchiveOutputStream(out, "UTF-8");

    public TestTar() {
        tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
        tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
    }

    public TestTar dir(String name, int mode) {
        TarArchiveEntry entry = new TarArchiveEntry(name + "/", TarConstants.LF_DIR, true);
        entry.setMode(mode);
        entry.setModTime(1_000_000_000_000L);
        return add(entry, new byte[0]);
    }

    public TestTar file(String name, int mode, String content) {
        return file(name, mode, 0, 0, content.getBytes(StandardCharsets.UTF_8), Map.of());
    }

    public TestTar file(
            String name, int mode, long uid, long gid, byte[] content, Map<String, String> pax) {
        TarArchiveEntry entry = new TarArchiveEntry(name, TarConstants.LF_NORMAL, true);
        entry.setMode(mode);
        entry.setUserId(uid);
        entry.setGroupId(gid);
        entry.setSize(content.length);
        entry.setModTime(1_000_000_000_000L);
        pax.forEach(entry::addPaxHeader);
        return add(entry, content);
    }

    public TestTar symlink(String name, String target) {
        return link(name, target, TarConstants.LF_SYMLINK);
    }

    public TestTar hardlink(String name, String target) {
        return link(name, target, TarConstants.LF_LINK);
    }

    private TestTar link(String name, String target, byte type) {
        TarArchiveEntry entry = new TarArchiveEntry(name, type, true);
        entry.setLinkName(target);
        return add(entry, new byte[0]);
    }

    public TestTar node(String name, byte type, int major, int minor) {
        TarArchiveEntry entry = new TarArchiveEntry(name, type, true);
        entry.setMode(0640);
        entry.setDevMajor(major);
        entry.setDevMinor(minor);
        return add(entry, new byte[0]);
    }

    private TestTar add(TarArchiveEntry entry, byte[] content) {
        try {
            tar.putArchiveEntry(entry);
            tar.write(content);
            tar.closeArchiveEntry();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    public byte[] bytes() {
        try {
            tar.finish();
            tar.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }
}
