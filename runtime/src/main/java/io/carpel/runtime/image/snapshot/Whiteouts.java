package io.carpel.runtime.image.snapshot;

import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.FileCalls;
import java.nio.charset.StandardCharsets;

/// Deletions in a layer: how archives spell them and how overlayfs does.
///
/// An archive says `.wh.NAME` beside where NAME was, and `.wh..wh..opq` inside a directory that
/// hides everything below it. Overlayfs wants a character device 0:0 called NAME, and the attribute
/// `trusted.overlay.opaque` on the directory.
public final class Whiteouts {
    private static final String PREFIX = ".wh.";
    private static final String META = ".wh..wh.";
    private static final String OPAQUE = ".wh..wh..opq";
    private static final String OPAQUE_ATTRIBUTE = "trusted.overlay.opaque";

    private Whiteouts() {}

    /// What a file name means.
    sealed interface Meaning {
        /// An ordinary file.
        record Ordinary() implements Meaning {}

        /// `hidden` of the layers below is deleted.
        record Deletes(String hidden) implements Meaning {}

        /// The directory it stands in hides everything below.
        record Opaque() implements Meaning {}

        /// Bookkeeping of an old storage driver, to be left out.
        record Ignored() implements Meaning {}
    }

    /// @throws LayerRefusedException when the name would delete a directory's parent or itself
    static Meaning meaning(String name) throws LayerRefusedException {
        if (!name.startsWith(PREFIX)) {
            return new Meaning.Ordinary();
        }
        if (name.equals(OPAQUE)) {
            return new Meaning.Opaque();
        }
        if (name.startsWith(META)) {
            return new Meaning.Ignored();
        }
        String hidden = name.substring(PREFIX.length());
        if (hidden.isEmpty() || hidden.equals(".") || hidden.equals("..")) {
            throw new LayerRefusedException("whiteout '" + name + "' names no file");
        }
        return new Meaning.Deletes(hidden);
    }

    static void delete(FileCalls files, Fd parent, String name) throws ErrnoException {
        files.mknodat(parent, name, FileCalls.S_IFCHR, 0, 0);
    }

    static void opaque(FileCalls files, Fd directory) throws ErrnoException {
        files.fsetxattr(directory, OPAQUE_ATTRIBUTE, "y".getBytes(StandardCharsets.US_ASCII));
    }

    static boolean isDeletion(FileCalls.Stat stat) {
        return (stat.mode() & FileCalls.S_IFMT) == FileCalls.S_IFCHR
                && stat.rdevMajor() == 0
                && stat.rdevMinor() == 0;
    }

    /// Whether the open directory hides what is below it.
    public static boolean isOpaque(FileCalls files, Fd directory) {
        try {
            byte[] value = files.fgetxattr(directory, OPAQUE_ATTRIBUTE);
            return value.length == 1 && value[0] == 'y';
        } catch (ErrnoException _) {
            return false;
        }
    }

    /// Whether an entry with this data deletes one below it.
    public static boolean hides(FileCalls.Stat stat) {
        return isDeletion(stat);
    }
}
