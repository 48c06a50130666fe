package io.carpel.runtime;

import io.carpel.runtime.sandbox.SandboxManager;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Looks now and then whether the processes that hold namespaces still live. Their end is rare and
/// shows first in the ends of containers, so a slow look is enough.
final class Watch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Watch.class);
    private static final Duration PAUSE = Duration.ofSeconds(2);

    private final SandboxManager sandboxes;
    private volatile boolean closed;

    private Watch(SandboxManager sandboxes) {
        this.sandboxes = sandboxes;
    }

    static Watch start(SandboxManager sandboxes) {
        Watch watch = new Watch(sandboxes);
        Thread.ofVirtual().name("watch sandboxes").start(watch::look);
        return watch;
    }

    private void look() {
        while (!closed) {
            LockSupport.parkNanos(PAUSE.toNanos());
            try {
                sandboxes.checkAll();
            } catch (RuntimeException e) {
                LOG.warn("looking after sandboxes failed: {}", e.getMessage());
            }
        }
    }

    @Override
    public void close() {
        closed = true;
    }
}
