package io.carpel.agent.cri;

import io.carpel.agent.pod.PodNames;
import io.grpc.Context;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;

/// What all calls share: refused before the runtime has recovered, failures turned into statuses,
/// one line in the log for each, and a word to whoever counts them.
public final class CallInterceptor implements ServerInterceptor {
    private static final Logger LOG = LoggerFactory.getLogger(CallInterceptor.class);

    /// Asked every few seconds by a kubelet; worth a line only when looking closer.
    private static final Set<String> POLLED =
            Set.of(
                    "Version",
                    "Status",
                    "RuntimeConfig",
                    "ListPodSandbox",
                    "ListContainers",
                    "ListImages",
                    "PodSandboxStatus",
                    "ContainerStatus",
                    "ImageStatus",
                    "ImageFsInfo",
                    "ContainerStats",
                    "ListContainerStats",
                    "PodSandboxStats",
                    "ListPodSandboxStats",
                    "ListMetricDescriptors",
                    "ListPodSandboxMetrics",
                    "StreamPodSandboxes",
                    "StreamContainers",
                    "StreamImages",
                    "StreamContainerStats",
                    "StreamPodSandboxStats",
                    "StreamPodSandboxMetrics",
                    // Probes, by the hundred.
                    "ExecSync");

    private final Readiness readiness;
    private final CallObserver observer;
    private final LongSupplier nanoTime;
    private final PodNames names;

    /// @param nanoTime a clock that never goes back
    /// @param names what pods and containers are called, for the log
    public CallInterceptor(
            Readiness readiness, CallObserver observer, LongSupplier nanoTime, PodNames names) {
        this.names = names;
        this.readiness = readiness;
        this.observer = observer;
        this.nanoTime = nanoTime;
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        WatchedCall<Q, A> watched = new WatchedCall<>(call, headers);
        if (!readiness.isOpen()) {
            watched.close(
                    Status.UNAVAILABLE.withDescription(
                            "the runtime is still recovering pods from before its start"),
                    new Metadata());
            return new ServerCall.Listener<>() {};
        }
        return new WatchedListener<>(next.startCall(watched, headers), watched);
    }

    /// A call that knows when it began and tells when it is over.
    private final class WatchedCall<Q, A> extends SimpleForwardingServerCall<Q, A> {
        private final long begun = nanoTime.getAsLong();
        private final AtomicBoolean over = new AtomicBoolean();
        private final String method;
        private final CallObserver.Observed observed;
        private volatile Object request = "";
        private volatile Map<String, String> fields = Map.of();

        WatchedCall(ServerCall<Q, A> call, Metadata headers) {
            super(call);
            String full = getMethodDescriptor().getFullMethodName();
            method = full.substring(full.lastIndexOf('.', full.indexOf('/')) + 1);
            observed = observer.began(method, headers);
        }

        void about(Q request) {
            this.request = request;
        }

        /// Runs the call's work. Whatever is logged meanwhile on this thread says whom it is about;
        /// what is only asked says so in its own line, and only when that is written.
        void work(Runnable work) {
            boolean polled = POLLED.contains(name());
            if (polled && !observed.asksAbout()) {
                observed.work(work);
                return;
            }
            Map<String, String> about = CallSubject.fields(request, names);
            observed.about(about);
            if (polled) {
                observed.work(work);
                return;
            }
            fields = about;
            fields.forEach(MDC::put);
            try {
                observed.work(work);
            } finally {
                fields.keySet().forEach(MDC::remove);
            }
        }

        private String name() {
            return method.substring(method.indexOf('/') + 1);
        }

        @Override
        public void sendMessage(A message) {
            if (observed.asksAbout()) {
                observed.about(CallSubject.made(message));
            }
            super.sendMessage(message);
        }

        @Override
        public void close(Status status, Metadata trailers) {
            finish(status);
            super.close(status, trailers);
        }

        void fail(Throwable failure) {
            Status status = StatusMapper.toStatus(failure, Context.current());
            finish(status);
            super.close(status, new Metadata());
        }

        // Once: a call that was cancelled may still be closed by the work when that ends.
        void finish(Status status) {
            if (!over.compareAndSet(false, true)) {
                return;
            }
            Duration duration = Duration.ofNanos(nanoTime.getAsLong() - begun);
            observed.finished(status, duration);
            log(name(), status, duration);
        }

        private void log(String name, Status status, Duration duration) {
            Level level =
                    !status.isOk()
                            ? levelOf(status)
                            : POLLED.contains(name) ? Level.DEBUG : Level.INFO;
            if (!LOG.isEnabledForLevel(level)) {
                return; // what the call is about is costly to find out
            }
            String subject = CallSubject.of(request);
            String millis = tenths(duration);
            LoggingEventBuilder line =
                    LOG.atLevel(level)
                            .addKeyValue("method", name)
                            .addKeyValue("code", status.getCode())
                            .addKeyValue("duration_ms", millis);
            Map<String, String> about =
                    fields.isEmpty() ? CallSubject.fields(request, names) : fields;
            for (Map.Entry<String, String> field : about.entrySet()) {
                line = line.addKeyValue(field.getKey(), field.getValue());
            }
            if (status.isOk()) {
                line.log("{}{} ok in {} ms", name, subject, millis);
                return;
            }
            line.setCause(causeOf(status))
                    .log(
                            "{}{} {} in {} ms: {}",
                            name,
                            subject,
                            status.getCode(),
                            millis,
                            status.getDescription());
        }

        /// Milliseconds with one digit behind the point.
        private static String tenths(Duration duration) {
            long tenths = (duration.toNanos() + 50_000) / 100_000;
            return tenths / 10 + "." + tenths % 10;
        }

        // Probing for a feature and looking for what has just vanished are part of a kubelet's day.
        private Level levelOf(Status status) {
            return switch (status.getCode()) {
                case NOT_FOUND, UNIMPLEMENTED, CANCELLED -> Level.INFO;
                case INTERNAL, UNKNOWN -> Level.ERROR;
                default -> Level.WARN;
            };
        }

        // A stack trace only for what should not happen.
        private @Nullable Throwable causeOf(Status status) {
            return switch (status.getCode()) {
                case INTERNAL, UNKNOWN -> status.getCause();
                default -> null;
            };
        }
    }

    /// Hands a call's events on and catches what the service's method throws.
    private static final class WatchedListener<Q, A> extends SimpleForwardingServerCallListener<Q> {
        private final WatchedCall<Q, A> call;

        WatchedListener(ServerCall.Listener<Q> next, WatchedCall<Q, A> call) {
            super(next);
            this.call = call;
        }

        @Override
        public void onMessage(Q message) {
            call.about(message);
            super.onMessage(message);
        }

        // Services with one request are called from here.
        @Override
        @SuppressWarnings("CatchingUnchecked") // every failure becomes the call's status
        public void onHalfClose() {
            try {
                call.work(super::onHalfClose);
            } catch (Throwable failure) {
                call.fail(failure);
            }
        }

        @Override
        public void onCancel() {
            Context context = Context.current();
            call.finish(
                    context.cancellationCause() instanceof TimeoutException
                            ? Status.DEADLINE_EXCEEDED
                            : Status.CANCELLED);
            super.onCancel();
        }
    }
}
