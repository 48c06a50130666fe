package io.carpel.agent.stats;

import io.carpel.runtime.stats.Countable;
import io.carpel.runtime.stats.CounterReader;
import io.carpel.runtime.stats.FilesystemSize;
import io.carpel.runtime.stats.PodCounters;
import java.util.List;

/// What is needed of [CounterReader]; a seam, so that tests need no kernel.
public interface Counters {
    Countable countable();

    List<PodCounters> pods();

    FilesystemSize filesystem();

    String device(int major, int minor);

    static Counters of(CounterReader reader) {
        return new Counters() {
            @Override
            public Countable countable() {
                return reader.countable();
            }

            @Override
            public List<PodCounters> pods() {
                return reader.pods();
            }

            @Override
            public FilesystemSize filesystem() {
                return reader.filesystem();
            }

            @Override
            public String device(int major, int minor) {
                return reader.device(major, minor);
            }
        };
    }
}
