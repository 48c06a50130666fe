package io.carpel.runtime.cgroup;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Which parents of groups we made ourselves. Written on the directories themselves, as an extended
/// attribute `user.carpel.parent` (cgroup filesystems take them since Linux 5.7): so it is known
/// after a restart too, and goes with the directory. Where the attribute cannot be set, memory has
/// to do. Thread-safe.
final class ParentMarks {
    // The JDK puts `user.` in front.
    private static final String ATTRIBUTE = "carpel.parent";

    private final byte[] owner;
    private final Set<Path> known = ConcurrentHashMap.newKeySet();

    /// @param owner tells agents on one host apart
    ParentMarks(String owner) {
        this.owner = owner.getBytes(StandardCharsets.UTF_8);
    }

    void mark(Path parent) {
        try {
            attributes(parent).write(ATTRIBUTE, ByteBuffer.wrap(owner));
        } catch (IOException | UnsupportedOperationException _) {
            known.add(parent);
        }
    }

    /// Takes a parent that may not be there yet, or was made before, for ours.
    void own(Path parent) {
        known.add(parent);
    }

    boolean has(Path parent) {
        return known.contains(parent) || isWritten(parent);
    }

    void forget(Path parent) {
        known.remove(parent);
    }

    private boolean isWritten(Path parent) {
        ByteBuffer value = ByteBuffer.allocate(owner.length + 1);
        try {
            attributes(parent).read(ATTRIBUTE, value);
        } catch (IOException | UnsupportedOperationException _) {
            // No such attribute or directory, or one that is longer than ours.
            return false;
        }
        return value.flip().equals(ByteBuffer.wrap(owner));
    }

    private static UserDefinedFileAttributeView attributes(Path directory) {
        UserDefinedFileAttributeView view =
                Files.getFileAttributeView(directory, UserDefinedFileAttributeView.class);
        if (view == null) {
            throw new UnsupportedOperationException("no extended attributes");
        }
        return view;
    }
}
