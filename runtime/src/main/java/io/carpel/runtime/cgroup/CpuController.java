package io.carpel.runtime.cgroup;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.ResourceLimits;
import java.io.IOException;

/// Processor time: shares or weight, quota in each period, throttling.
final class CpuController implements Controller {
    private static final long MIN_SHARES = 2;
    private static final long MAX_SHARES = 262_144;
    private static final long MIN_WEIGHT = 1;
    private static final long MAX_WEIGHT = 10_000;
    private static final long DEFAULT_PERIOD = 100_000;

    @Override
    public String v1Name() {
        return "cpu";
    }

    @Override
    public String v2Name() {
        return "cpu";
    }

    @Override
    public boolean holds(ResourceLimits limits) {
        return limits.cpuShares() != 0 || limits.cpuQuota() > 0;
    }

    @Override
    public void limitV1(CgroupDir dir, ResourceLimits limits, Settings settings)
            throws IOException {
        check(limits);
        if (limits.cpuShares() != 0) {
            settings.write(dir, "cpu.shares", Long.toString(clampShares(limits.cpuShares())));
        }
        if (limits.cpuPeriod() == 0 && limits.cpuQuota() == 0) {
            return;
        }
        if (settings.isUpdate()
                && limits.cpuPeriod() != 0
                && limits.cpuQuota() > 0
                && limits.cpuPeriod() < dir.number("cpu.cfs_period_us").orElse(0)) {
            // The kernel checks quota/period against the parent at each write: with a shrinking
            // period the new quota goes first, or the ratio would peak in between.
            settings.write(dir, "cpu.cfs_quota_us", Long.toString(limits.cpuQuota()));
            settings.write(dir, "cpu.cfs_period_us", Long.toString(limits.cpuPeriod()));
            return;
        }
        if (limits.cpuPeriod() != 0) {
            settings.write(dir, "cpu.cfs_period_us", Long.toString(limits.cpuPeriod()));
        }
        if (limits.cpuQuota() != 0) {
            settings.write(dir, "cpu.cfs_quota_us", Long.toString(limits.cpuQuota()));
        }
    }

    @Override
    public void limitV2(CgroupDir dir, ResourceLimits limits, Settings settings)
            throws IOException {
        check(limits);
        if (limits.cpuShares() != 0) {
            settings.write(dir, "cpu.weight", Long.toString(weight(limits.cpuShares())));
        }
        if (limits.cpuPeriod() == 0 && limits.cpuQuota() == 0) {
            return;
        }
        String[] now = dir.read("cpu.max").split(" ", -1);
        String quota = limits.cpuQuota() == 0 ? now[0] : Controller.orMax(limits.cpuQuota());
        String oldPeriod = now.length > 1 ? now[1] : Long.toString(DEFAULT_PERIOD);
        String period = limits.cpuPeriod() == 0 ? oldPeriod : Long.toString(limits.cpuPeriod());
        settings.write(dir, "cpu.max", quota + " " + period);
    }

    private static void check(ResourceLimits limits) {
        if (limits.cpuShares() < 0) {
            throw new InvalidArgumentException(
                    "cpu shares %d are negative".formatted(limits.cpuShares()));
        }
        if (limits.cpuPeriod() < 0) {
            throw new InvalidArgumentException(
                    "cpu period %d is negative".formatted(limits.cpuPeriod()));
        }
        if (limits.cpuQuota() < -1) {
            throw new InvalidArgumentException(
                    "cpu quota %d is neither -1 nor positive".formatted(limits.cpuQuota()));
        }
    }

    private static long clampShares(long shares) {
        return Math.clamp(shares, MIN_SHARES, MAX_SHARES);
    }

    /// The v2 weight that stands for v1 shares.
    ///
    /// A quadratic in the logarithm that takes 2 to 1, 1024 to 100 and 262144 to 10000, as current
    /// runtimes do; the older linear mapping took 1024 to 39 and starved default containers beside
    /// host services.
    static long weight(long shares) {
        if (shares <= MIN_SHARES) {
            return MIN_WEIGHT;
        }
        if (shares >= MAX_SHARES) {
            return MAX_WEIGHT;
        }
        double log = log2((double) shares);
        double exponent = (log * log + 125 * log) / 612.0 - 7.0 / 34.0;
        return (long) Math.ceil(Math.pow(10, exponent));
    }

    /// Exact for powers of two, where rounding up would otherwise turn 100 into 101.
    private static double log2(double value) {
        int exponent = Math.getExponent(value);
        double mantissa = value / Math.scalb(1.0, exponent);
        return exponent + Math.log(mantissa) / Math.log(2);
    }

    @Override
    public void readV1(CgroupDir dir, StatsBuilder stats) throws IOException {
        if (stats.all()) {
            KeyedNumbers numbers = KeyedNumbers.of(dir.readOr("cpu.stat", ""));
            stats.throttling(
                    numbers.get("nr_periods"),
                    numbers.get("nr_throttled"),
                    numbers.get("throttled_time"));
        }
    }

    @Override
    public void readV2(CgroupDir dir, StatsBuilder stats) throws IOException {
        // cpu.stat exists without the controller too, then without the throttling lines.
        KeyedNumbers numbers = KeyedNumbers.of(dir.readOr("cpu.stat", ""));
        stats.cpuTime(
                numbers.get("usage_usec") * 1000,
                numbers.get("user_usec") * 1000,
                numbers.get("system_usec") * 1000);
        stats.throttling(
                numbers.get("nr_periods"),
                numbers.get("nr_throttled"),
                numbers.get("throttled_usec") * 1000);
        stats.cpuPressure = PressureFile.read(dir, "cpu.pressure");
    }
}
