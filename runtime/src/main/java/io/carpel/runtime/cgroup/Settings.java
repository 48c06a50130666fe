package io.carpel.runtime.cgroup;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;

/// Writes of one change, which can be taken back.
///
/// A fresh group needs no memory of old values, since it is removed as a whole.
final class Settings {
    private record Written(CgroupDir dir, String file, String old) {}

    private final boolean remember;
    private final Deque<Written> written = new ArrayDeque<>();

    private Settings(boolean remember) {
        this.remember = remember;
    }

    /// For a group that was just made.
    static Settings ofNewGroup() {
        return new Settings(false);
    }

    /// For a group in use: [#undo] puts the old values back.
    static Settings ofUpdate() {
        return new Settings(true);
    }

    /// Whether the group may hold processes already.
    boolean isUpdate() {
        return remember;
    }

    void write(CgroupDir dir, String file, String value) {
        try {
            String old = remember ? dir.read(file) : "";
            dir.write(file, value);
            if (remember) {
                written.push(new Written(dir, file, old));
            }
        } catch (IOException e) {
            throw dir.refused(file, value, e);
        }
    }

    /// Puts the old values back, last written first; goes on after failures and adds them to
    /// `cause`.
    void undo(Throwable cause) {
        while (!written.isEmpty()) {
            Written last = written.pop();
            try {
                last.dir.write(last.file, last.old);
            } catch (IOException e) {
                cause.addSuppressed(e);
            }
        }
    }
}
