package io.carpel.agent.control;

import io.carpel.agent.control.WorkProtocol.Answer;
import io.carpel.agent.control.WorkProtocol.Ask;
import io.carpel.agent.control.WorkProtocol.Pending;
import io.carpel.runtime.work.WorkBoard;
import io.carpel.runtime.work.WorkItem;
import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/// Answers `carpel.v1.Work`.
public final class WorkControl implements BindableService {
    private final WorkBoard board;
    private final Function<String, Optional<String>> names;
    private final Clock clock;

    /// @param names of pods and containers by id, those that are just being made included
    public WorkControl(WorkBoard board, Function<String, Optional<String>> names, Clock clock) {
        this.board = board;
        this.names = names;
        this.clock = clock;
    }

    @Override
    public ServerServiceDefinition bindService() {
        return ServerServiceDefinition.builder(WorkProtocol.SERVICE)
                .addMethod(WorkProtocol.LIST, ServerCalls.asyncUnaryCall(this::list))
                .build();
    }

    private void list(Ask ask, StreamObserver<Answer> out) {
        Instant now = clock.instant();
        out.onNext(new Answer(board.list().stream().map(item -> pending(item, now)).toList()));
        out.onCompleted();
    }

    private Pending pending(WorkItem item, Instant now) {
        String id = item.subject().id();
        return new Pending(
                item.subject().kind().name().toLowerCase(Locale.ROOT),
                id,
                names.apply(id).orElse(id),
                item.call(),
                item.step(),
                Duration.between(item.since(), now).toSeconds(),
                item.overdue(now));
    }
}
