package io.carpel.runtime.image;

import io.carpel.runtime.error.CancelledException;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.image.registry.Login;
import io.carpel.runtime.image.registry.RegistryClient;
import io.carpel.runtime.spec.Printable;
import io.carpel.runtime.work.Subject;
import io.carpel.runtime.work.WorkBoard;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// Brings images from registries into the store.
///
/// Equal requests share one pull, which runs on its own threads and ends when the last of its
/// callers has gone. Equal means the same reference and the same credentials: somebody with other
/// credentials must prove his own access.
public final class ImagePuller implements AutoCloseable {
    private static final long CLEANUP_SECONDS = 30;

    private final ImageStore store;
    private final RegistryClient registries;
    private final LayerPool pool;
    private final ExecutorService threads;
    private final WorkBoard board;
    private final PullWatch watch;
    private final Object lock = new Object();

    /// Guarded by `lock`.
    private final Map<Key, Shared> underWay = new HashMap<>();

    /// Pulls by the settings `store` was opened with.
    ///
    /// @param board shows the pulls under way
    public ImagePuller(ImageStore store, WorkBoard board) {
        this(store, board, PullWatch.NONE);
    }

    /// As the other.
    ///
    /// @param watch hears of every transfer
    public ImagePuller(ImageStore store, WorkBoard board, PullWatch watch) {
        this.watch = watch;
        this.store = store;
        this.board = board;
        this.registries = new RegistryClient(store.settings().registry());
        this.pool = new LayerPool(store);
        // Pulls wait for disks and registries: platform threads.
        this.threads =
                Executors.newThreadPerTaskExecutor(
                        Thread.ofPlatform().daemon().name("image-pull-", 0).factory());
    }

    /// Pulls that begin from now on go by these settings; those under way end as they began.
    public void use(ImageSettings settings) {
        registries.use(settings.registry());
        pool.resize(settings.parallelLayers());
    }

    private record Key(String ref, Optional<RegistryCredentials> credentials) {}

    /// A pull and those who wait for it.
    private static final class Shared {
        final CompletableFuture<Image> result = new CompletableFuture<>();
        final Cancellation cancellation = new Cancellation();
        final List<PullProgress> listeners = new CopyOnWriteArrayList<>();

        /// Guarded by the puller's lock.
        int waiting;
    }

    /// Pulls and unpacks; on return the image is present and synced to disk. Blocks: call it from a
    /// thread that may wait. Equal requests under way at the same time share one transfer.
    ///
    /// @throws InvalidArgumentException malformed reference
    /// @throws io.carpel.runtime.error.NotFoundException the registry has no such image
    /// @throws io.carpel.runtime.error.UnavailableException the registry does not answer; the
    ///   message begins with `RegistryUnavailable`
    /// @throws io.carpel.runtime.error.FailedPreconditionException access denied, wrong content, or
    ///   refused by policy (`SignatureValidationFailed`)
    /// @throws io.carpel.runtime.error.ResourceExhaustedException disk full, or a bound reached
    /// @throws CancelledException after [Cancellation#cancel]
    /// @throws io.carpel.runtime.error.DeadlineExceededException after [Cancellation#expire]
    public Image pull(PullRequest request) {
        if (ImageReference.looksLikeId(request.ref()) && request.ref().startsWith("sha256:")) {
            throw new InvalidArgumentException(
                    "'" + Printable.of(request.ref()) + "' is an image id, which cannot be pulled");
        }
        ImageReference ref = ImageReference.parse(request.ref());
        Optional<Login> login = request.credentials().flatMap(RegistryCredentials::login);
        request.cancellation().check();
        Key key = new Key(ref.toString(), request.credentials());
        Shared shared;
        synchronized (lock) {
            Shared running = underWay.get(key);
            if (running == null) {
                running = new Shared();
                underWay.put(key, running);
                begin(key, running, ref, login);
            }
            running.waiting++;
            running.listeners.add(request.progress());
            shared = running;
        }
        try {
            return await(shared, request.cancellation());
        } finally {
            leave(key, shared, request.progress());
        }
    }

    private void begin(Key key, Shared shared, ImageReference ref, Optional<Login> login) {
        String onlyHost = key.credentials().map(RegistryCredentials::serverAddress).orElse("");
        PullJob job =
                new PullJob(
                        store,
                        registries,
                        pool,
                        event -> shared.listeners.forEach(listener -> listener.on(event)),
                        shared.cancellation);
        PullWatch.Watched watched = watch.begin(ref.toString());
        shared.listeners.add(watched.progress());
        threads.execute(() -> {
            try {
                Image image =
                        board.call(
                                Subject.image(ref.toString()),
                                WorkBoard.PULL,
                                work -> {
                                    work.at("ask the registry");
                                    shared.listeners.add(new PullWork(work));
                                    return job.run(ref, login, onlyHost);
                                });
                watched.end().of(true);
                forget(key, shared);
                shared.result.complete(image);
            } catch (RuntimeException | Error e) {
                watched.end().of(false);
                forget(key, shared);
                shared.result.completeExceptionally(e);
            }
        });
    }

    private void forget(Key key, Shared shared) {
        synchronized (lock) {
            underWay.remove(key, shared);
        }
    }

    /// The last one to leave stops the pull, and whoever comes later begins a new one.
    private void leave(Key key, Shared shared, PullProgress listener) {
        boolean abandoned;
        synchronized (lock) {
            shared.listeners.remove(listener);
            abandoned = --shared.waiting == 0 && !shared.result.isDone();
            if (abandoned) {
                underWay.remove(key, shared);
            }
        }
        if (abandoned) {
            shared.cancellation.cancel();
            awaitCleanup(shared);
        }
    }

    /// So that nothing half made is left when the caller has its answer.
    private static void awaitCleanup(Shared shared) {
        try {
            shared.result.get(CLEANUP_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException _) {
            // The caller is told about its own wish, not about this.
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private static Image await(Shared shared, Cancellation cancellation) {
        CompletableFuture<Image> mine = shared.result.copy();
        try (var _ = cancellation.onStop(() -> mine.cancel(false))) {
            return mine.get();
        } catch (java.util.concurrent.CancellationException e) {
            cancellation.check();
            throw new CancelledException("pull was cancelled", e);
        } catch (ExecutionException e) {
            throw rethrown(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancelledException("interrupted", e);
        }
    }

    private static ContainerRuntimeException rethrown(@Nullable Throwable cause) {
        return switch (cause) {
            case ContainerRuntimeException known -> known;
            case Error error -> throw error;
            case null -> new KernelFaultException("pull failed without a reason");
            default -> new KernelFaultException("pull failed: " + cause, cause);
        };
    }

    @Override
    public void close() {
        synchronized (lock) {
            underWay.values().forEach(shared -> shared.cancellation.cancel());
        }
        threads.close();
        registries.close();
    }
}
