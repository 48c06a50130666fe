package io.carpel.agent.stats;

import io.carpel.runtime.stats.Countable;
import io.carpel.runtime.stats.FilesystemSize;
import io.carpel.runtime.stats.PodCounters;
import java.util.List;

/// Counters that a test sets.
public final class FakeCounters implements Counters {
    public List<PodCounters> all = List.of();
    public Countable host = new Countable(true, true, true, true);

    @Override
    public Countable countable() {
        return host;
    }

    @Override
    public List<PodCounters> pods() {
        return all;
    }

    @Override
    public FilesystemSize filesystem() {
        return new FilesystemSize("/dev/sda1", 1_000_000, 500, 400);
    }

    @Override
    public String device(int major, int minor) {
        return major == 8 ? "/dev/sda" : major + ":" + minor;
    }
}
