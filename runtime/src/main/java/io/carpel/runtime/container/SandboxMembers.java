package io.carpel.runtime.container;

import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.sandbox.SandboxContainers;
import io.carpel.runtime.work.WorkBoard;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The containers of a sandbox, worked on together: one that does not end holds up none of the
/// others.
public final class SandboxMembers implements SandboxContainers {
    private static final Duration DRAFTS_WAIT = Duration.ofMinutes(1);

    private final ContainerManager manager;

    public SandboxMembers(ContainerManager manager) {
        this.manager = manager;
    }

    @Override
    public void stopAll(String sandboxId) {
        manager.stopDrafts(sandboxId, DRAFTS_WAIT);
        each(sandboxId, id -> manager.stop(id, Duration.ZERO));
    }

    @Override
    public void removeAll(String sandboxId) {
        each(sandboxId, manager::remove);
    }

    private void each(String sandboxId, Consumer<String> work) {
        List<String> ids = manager.of(sandboxId).stream().map(Container::id).toList();
        if (ids.size() == 1) {
            work.accept(ids.getFirst());
            return;
        }
        List<FutureTask<?>> tasks = new ArrayList<>(ids.size());
        for (String id : ids) {
            FutureTask<?> task = new FutureTask<>(WorkBoard.carried(() -> work.accept(id)), null);
            tasks.add(task);
            Thread.ofVirtual().name("member " + id).start(task);
        }
        @Nullable RuntimeException first = null;
        for (Future<?> task : tasks) {
            try {
                task.get();
            } catch (InterruptedException _) {
                // The rest goes on by itself; its outcome shows in the states.
                Thread.currentThread().interrupt();
                return;
            } catch (ExecutionException e) {
                first = keep(first, e);
            }
        }
        if (first != null) {
            throw first;
        }
    }

    private static RuntimeException keep(@Nullable RuntimeException first, ExecutionException e) {
        RuntimeException next =
                e.getCause() instanceof ContainerRuntimeException known
                        ? known
                        : new IllegalStateException(e.getCause());
        if (first == null) {
            return next;
        }
        first.addSuppressed(next);
        return first;
    }
}
