package io.carpel.runtime.cgroup;

import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;

/// Block devices: `blkio` on version 1, `io` on version 2. Read only; weights come by `unified`.
final class BlkioController implements Controller {
    private static final String V1_BYTES = "blkio.throttle.io_service_bytes_recursive";
    static final String V1_LIMIT = "blkio.throttle.read_bps_device";
    private static final String V1_OPERATIONS = "blkio.throttle.io_serviced_recursive";

    private static final class Counts {
        long readBytes;
        long writeBytes;
        long reads;
        long writes;
    }

    @Override
    public String v1Name() {
        return "blkio";
    }

    @Override
    public String v2Name() {
        return "io";
    }

    @Override
    public void readV1(CgroupDir dir, StatsBuilder stats) throws IOException {
        if (!stats.all()) {
            return;
        }
        var devices = new TreeMap<String, Counts>();
        // "8:0 Read 4096", then Write, Sync, Async, Discard, Total
        for (String line : dir.lines(V1_BYTES)) {
            String[] fields = line.split(" ", -1);
            if (fields.length == 3) {
                Counts counts = devices.computeIfAbsent(fields[0], _ -> new Counts());
                long value = CgroupDir.parse(fields[2]).orElse(0);
                switch (fields[1]) {
                    case "Read" -> counts.readBytes = value;
                    case "Write" -> counts.writeBytes = value;
                    default -> {}
                }
            }
        }
        for (String line : dir.lines(V1_OPERATIONS)) {
            String[] fields = line.split(" ", -1);
            if (fields.length == 3) {
                Counts counts = devices.computeIfAbsent(fields[0], _ -> new Counts());
                long value = CgroupDir.parse(fields[2]).orElse(0);
                switch (fields[1]) {
                    case "Read" -> counts.reads = value;
                    case "Write" -> counts.writes = value;
                    default -> {}
                }
            }
        }
        addAll(devices, stats);
    }

    @Override
    public void readV2(CgroupDir dir, StatsBuilder stats) throws IOException {
        stats.ioPressure = PressureFile.read(dir, "io.pressure");
        if (!stats.all()) {
            return;
        }
        var devices = new TreeMap<String, Counts>();
        // "8:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0"
        for (String line : dir.lines("io.stat")) {
            String[] fields = line.split(" ", -1);
            Counts counts = devices.computeIfAbsent(fields[0], _ -> new Counts());
            for (int i = 1; i < fields.length; i++) {
                int equals = fields[i].indexOf('=');
                if (equals < 0) {
                    continue;
                }
                long value = CgroupDir.parse(fields[i].substring(equals + 1)).orElse(0);
                switch (fields[i].substring(0, equals)) {
                    case "rbytes" -> counts.readBytes = value;
                    case "wbytes" -> counts.writeBytes = value;
                    case "rios" -> counts.reads = value;
                    case "wios" -> counts.writes = value;
                    default -> {}
                }
            }
        }
        addAll(devices, stats);
    }

    private static void addAll(Map<String, Counts> devices, StatsBuilder stats) {
        devices.forEach((device, counts) -> {
            int colon = device.indexOf(':');
            if (colon > 0) {
                stats.io.add(
                        new CgroupStats.BlockIo(
                                Integer.parseInt(device.substring(0, colon)),
                                Integer.parseInt(device.substring(colon + 1)),
                                counts.readBytes,
                                counts.writeBytes,
                                counts.reads,
                                counts.writes));
            }
        });
    }
}
