package io.carpel.runtime.cgroup;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;

/// Writes of one change, which can be taken back.
///
/// A fresh group needs no memory of old values, since it is removed as a whole.
final class Settings implements Cgroup.Change {
    /// Files with a line for each device: a write changes one line, and this takes it away.
    private static final Map<String, String> WITHOUT_LINE =
            Map.of(
                    "io.max", "rbps=max wbps=max riops=max wiops=max",
                    "io.weight", "default",
                    "io.bfq.weight", "default",
                    "io.latency", "target=0",
                    "rdma.max", "hca_handle=max hca_object=max",
                    "misc.max", "max");

    private record Written(CgroupDir dir, String file, String value, String old) {
        /// What brings the old content back.
        String restoring() {
            String reset = WITHOUT_LINE.get(file);
            if (reset == null) {
                return old;
            }
            String device = value.strip().split("\\s+", 2)[0];
            Optional<String> line =
                    old.lines().filter(each -> each.startsWith(device + " ")).findFirst();
            if (line.isPresent()) {
                return line.get();
            }
            // A weight alone is the one for all other devices, and stands in the first line.
            boolean ofDevice = device.indexOf(':') > 0 || !file.startsWith("io.");
            return ofDevice ? device + " " + reset : old.lines().findFirst().orElse(old);
        }
    }

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
                written.push(new Written(dir, file, value, old));
            }
        } catch (IOException e) {
            throw dir.refused(file, value, e);
        }
    }

    /// Last written first; goes on after failures.
    @Override
    public void undo(Throwable cause) {
        while (!written.isEmpty()) {
            Written last = written.pop();
            try {
                last.dir.write(last.file, last.restoring());
            } catch (IOException e) {
                cause.addSuppressed(e);
            }
        }
    }
}
