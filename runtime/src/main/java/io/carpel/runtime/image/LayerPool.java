package io.carpel.runtime.image;

import io.carpel.runtime.error.CancelledException;
import io.carpel.runtime.error.KernelFaultException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// The threads that transfer and unpack layers; their number bounds the work of all pulls taken
/// together. Platform threads: unpacking waits in the kernel.
final class LayerPool implements AutoCloseable {
    private final ThreadPoolExecutor threads;

    LayerPool(ImageStore store) {
        this.threads =
                new ThreadPoolExecutor(
                        store.settings().parallelLayers(),
                        store.settings().parallelLayers(),
                        0,
                        TimeUnit.SECONDS,
                        new LinkedBlockingQueue<>(),
                        Thread.ofPlatform().daemon().name("image-layer-", 0).factory());
    }

    /// Layers that are under way go on when there are to be fewer.
    ///
    /// @param count how many at once, at least 1
    synchronized void resize(int count) {
        // At no moment may the core be above the maximum.
        threads.setMaximumPoolSize(Math.max(count, threads.getCorePoolSize()));
        threads.setCorePoolSize(count);
        threads.setMaximumPoolSize(count);
    }

    /// Runs all of them and returns when the last has ended. The first failure stops the others by
    /// way of `cancellation` and is thrown.
    void runAll(List<Runnable> tasks, Cancellation cancellation) {
        AtomicReference<@Nullable Throwable> first = new AtomicReference<>();
        List<Future<?>> running = new ArrayList<>();
        for (Runnable task : tasks) {
            running.add(
                    threads.submit(() -> {
                        try {
                            cancellation.check();
                            task.run();
                        } catch (RuntimeException | Error e) {
                            if (first.compareAndSet(null, e)) {
                                cancellation.cancel();
                            }
                        }
                    }));
        }
        boolean interrupted = false;
        for (Future<?> each : running) {
            interrupted |= awaited(each, cancellation);
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        Throwable failure = first.get();
        switch (failure) {
            case null -> {}
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new KernelFaultException("unpacking failed: " + failure, failure);
        }
        cancellation.check();
    }

    /// @return whether this thread was interrupted meanwhile
    private static boolean awaited(Future<?> task, Cancellation cancellation) {
        boolean interrupted = false;
        while (true) {
            try {
                task.get();
                return interrupted;
            } catch (InterruptedException _) {
                interrupted = true;
                cancellation.cancel();
            } catch (ExecutionException e) {
                throw new CancelledException("unpacking was broken off", e);
            }
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
