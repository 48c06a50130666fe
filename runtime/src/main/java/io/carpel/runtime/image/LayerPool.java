package io.carpel.runtime.image;

import io.carpel.runtime.error.CancelledException;
import io.carpel.runtime.error.KernelFaultException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// The threads that transfer and unpack layers. Each image has its own, so that a registry that
/// falls silent keeps no other image waiting. Platform threads: unpacking waits in the kernel.
final class LayerPool {
    private volatile int count;

    LayerPool(ImageStore store) {
        this.count = store.settings().parallelLayers();
    }

    /// Images under way go on as they began.
    ///
    /// @param next how many layers of one image at once, at least 1
    void resize(int next) {
        count = next;
    }

    /// Runs all of them and returns when the last has ended. The first failure stops the others by
    /// way of `cancellation` and is thrown.
    void runAll(List<Runnable> tasks, Cancellation cancellation) {
        if (tasks.isEmpty()) {
            return;
        }
        Throwable failure = firstFailure(tasks, cancellation);
        switch (failure) {
            case null -> {}
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new KernelFaultException("unpacking failed: " + failure, failure);
        }
        cancellation.check();
    }

    private @Nullable Throwable firstFailure(List<Runnable> tasks, Cancellation cancellation) {
        AtomicReference<@Nullable Throwable> first = new AtomicReference<>();
        List<Future<?>> running = new ArrayList<>();
        boolean interrupted = false;
        try (ExecutorService threads =
                Executors.newFixedThreadPool(
                        Math.min(count, tasks.size()),
                        Thread.ofPlatform().daemon().name("image-layer-", 0).factory())) {
            for (Runnable task : tasks) {
                running.add(threads.submit(() -> run(task, cancellation, first)));
            }
            for (Future<?> each : running) {
                interrupted |= awaited(each, cancellation);
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return first.get();
    }

    private static void run(
            Runnable task, Cancellation cancellation, AtomicReference<@Nullable Throwable> first) {
        try {
            cancellation.check();
            task.run();
        } catch (RuntimeException | Error e) {
            if (first.compareAndSet(null, e)) {
                cancellation.cancel();
            }
        }
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
}
