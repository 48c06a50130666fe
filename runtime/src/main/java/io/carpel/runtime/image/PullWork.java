package io.carpel.runtime.image;

import io.carpel.runtime.work.Work;

/// Tells the board how far a pull is: a registry that stops sending shows as a step that gets no
/// further.
public final class PullWork implements PullProgress {
    private static final long INTERVAL_NANOS = 1_000_000_000;

    private final Work work;
    private volatile long told = System.nanoTime() - INTERVAL_NANOS;

    /// @param work whose steps the pull is
    public PullWork(Work work) {
        this.work = work;
    }

    @Override
    public void on(Event event) {
        switch (event) {
            case Event.Downloaded(var layer, var bytes, var total) -> {
                long now = System.nanoTime();
                if (bytes == total || now - told >= INTERVAL_NANOS) {
                    told = now;
                    work.at("download layer %s: %d of %d bytes".formatted(layer, bytes, total));
                }
            }
            case Event.Resolved(var _, var layers, var _) ->
                    work.at("download %d layers".formatted(layers));
            case Event.Unpacked(var layer) -> work.at("layer %s is unpacked".formatted(layer));
            case Event.Present(var layer) -> work.at("layer %s was here".formatted(layer));
            case Event.Retrying(var layer, var reason) ->
                    work.at("layer %s again: %s".formatted(layer, reason));
        }
    }
}
