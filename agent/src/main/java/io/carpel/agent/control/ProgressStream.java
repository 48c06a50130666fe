package io.carpel.agent.control;

import io.carpel.agent.control.ControlProtocol.Kind;
import io.carpel.agent.control.ControlProtocol.Step;
import io.carpel.runtime.image.PullProgress;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Sends progress to one client. A client that reads slowly misses steps, not results, and holds up
/// neither the transfer nor memory.
final class ProgressStream implements PullProgress {
    /// Between two messages on the bytes of one layer.
    private static final long INTERVAL_NANOS = 50_000_000;

    private final ServerCallStreamObserver<Step> client;
    private final Map<String, Long> sent = new HashMap<>();

    ProgressStream(ServerCallStreamObserver<Step> client) {
        this.client = client;
    }

    @Override
    public void on(PullProgress.Event event) {
        send(
                switch (event) {
                    case Event.Resolved(var id, var layers, var bytes) ->
                            new Step(Kind.RESOLVED, id, layers, 0, bytes, "", List.of());
                    case Event.Downloaded(var layer, var bytes, var total) ->
                            new Step(Kind.DOWNLOADED, layer, 0, bytes, total, "", List.of());
                    case Event.Unpacked(var layer) -> Step.of(Kind.UNPACKED, layer);
                    case Event.Present(var layer) -> Step.of(Kind.PRESENT, layer);
                    case Event.Retrying(var layer, var reason) ->
                            new Step(Kind.RETRYING, layer, 0, 0, 0, reason, List.of());
                });
    }

    private synchronized void send(Step event) {
        if (!client.isReady() || client.isCancelled()) {
            return;
        }
        if (event.kind() == Kind.DOWNLOADED && event.done() < event.total()) {
            long now = System.nanoTime();
            Long last = sent.get(event.subject());
            if (last != null && now - last < INTERVAL_NANOS) {
                return;
            }
            sent.put(event.subject(), now);
        }
        client.onNext(event);
    }

    /// Sends a result, whether the client keeps up or not.
    synchronized void result(String image, List<String> names) {
        client.onNext(new Step(Kind.RESULT, image, 0, 0, 0, "", names));
    }
}
