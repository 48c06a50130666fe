package io.carpel.agent.cri;

import io.carpel.agent.events.EventBroadcaster;
import io.carpel.agent.events.EventSink;
import io.carpel.cri.ContainerEventResponse;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.grpc.Context;
import io.grpc.stub.ServerCallStreamObserver;

/// One client's stream of events. gRPC says when the client can take more and when it has gone.
final class EventStream implements EventSink {
    private final ServerCallStreamObserver<ContainerEventResponse> out;

    private EventStream(ServerCallStreamObserver<ContainerEventResponse> out) {
        this.out = out;
    }

    static void open(
            EventBroadcaster events, ServerCallStreamObserver<ContainerEventResponse> out) {
        EventBroadcaster.Client client = events.add(new EventStream(out));
        out.setOnReadyHandler(client::ready);
        out.setOnCancelHandler(client::close);
        out.setOnCloseHandler(client::close);
    }

    @Override
    public boolean isReady() {
        return out.isReady() && !out.isCancelled();
    }

    @Override
    public void send(ContainerEventResponse event) {
        out.onNext(event);
    }

    @Override
    public void end(ContainerRuntimeException why) {
        if (!out.isCancelled()) {
            out.onError(StatusMapper.toStatus(why, Context.ROOT).asRuntimeException());
        }
    }
}
