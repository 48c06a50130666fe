package io.carpel.runtime.cgroup;

import io.carpel.runtime.cgroup.CgroupStats.Pressure;
import io.carpel.runtime.cgroup.CgroupStats.Stall;
import io.carpel.runtime.linux.Errno;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// `cpu.pressure`, `memory.pressure` and `io.pressure` (since 4.20).
final class PressureFile {
    private static final Stall NONE = new Stall(0, 0, 0, 0);

    private PressureFile() {}

    /// Empty when the kernel was built or booted without pressure information.
    static Optional<Pressure> read(CgroupDir dir, String file) throws IOException {
        List<String> lines;
        try {
            lines = dir.lines(file);
        } catch (IOException e) {
            // EOPNOTSUPP on open or read while psi is switched off.
            if (Errno.of(e) == Errno.ENOTSUP) {
                return Optional.empty();
            }
            throw e;
        }
        if (lines.isEmpty()) {
            return Optional.empty();
        }
        Stall some = NONE;
        Stall full = NONE;
        for (String line : lines) {
            if (line.startsWith("some ")) {
                some = parse(line);
            } else if (line.startsWith("full ")) {
                full = parse(line);
            }
        }
        return Optional.of(new Pressure(some, full));
    }

    private static Stall parse(String line) {
        double average10 = 0;
        double average60 = 0;
        double average300 = 0;
        long total = 0;
        for (String field : line.split(" ", -1)) {
            int equals = field.indexOf('=');
            String value = field.substring(equals + 1);
            switch (field.substring(0, Math.max(0, equals))) {
                case "avg10" -> average10 = Double.parseDouble(value);
                case "avg60" -> average60 = Double.parseDouble(value);
                case "avg300" -> average300 = Double.parseDouble(value);
                case "total" -> total = Long.parseLong(value) * 1000;
                default -> {}
            }
        }
        return new Stall(average10, average60, average300, total);
    }
}
