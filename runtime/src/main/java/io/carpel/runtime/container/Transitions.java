package io.carpel.runtime.container;

import io.carpel.runtime.container.ContainerState.Created;
import io.carpel.runtime.container.ContainerState.Exited;
import io.carpel.runtime.container.ContainerState.Running;
import io.carpel.runtime.container.ContainerState.Unknown;
import io.carpel.runtime.error.FailedPreconditionException;
import java.time.Instant;
import java.util.Optional;

/// Every change of a container's state, one method each.
final class Transitions {
    static final String COMPLETED = "Completed";
    static final String ERROR = "Error";
    static final String OOM_KILLED = "OOMKilled";
    static final String START_ERROR = "StartError";

    /// What a shell says of a command that could not be run is 127; this one never was a process.
    static final int START_ERROR_CODE = 128;

    private Transitions() {}

    /// @throws FailedPreconditionException unless it is created
    static Running onStarted(String id, ContainerState state, Instant at) {
        return switch (state) {
            case Created(int pid) -> new Running(pid, at);
            case Running _, Exited _, Unknown _ ->
                    throw new FailedPreconditionException(
                            "container %s is %s and cannot be started"
                                    .formatted(id, describe(state)));
        };
    }

    static ContainerState onStartFailed(ContainerState state, String message, Instant at) {
        return switch (state) {
            case Created _, Running _, Unknown _ ->
                    new Exited(START_ERROR_CODE, START_ERROR, message, Optional.empty(), at);
            case Exited already -> already;
        };
    }

    /// @param oomKilled whether it died of the kernel's OOM killer, see [ExitRecord#oomKilled]
    static ContainerState onExited(ContainerState state, int code, boolean oomKilled, Instant at) {
        return switch (state) {
            case Created _, Unknown _ ->
                    new Exited(code, reason(code, oomKilled), "", Optional.empty(), at);
            case Running(int _, Instant startedAt) ->
                    new Exited(
                            code,
                            reason(code, oomKilled),
                            "",
                            Optional.of(startedAt),
                            at.isBefore(startedAt) ? startedAt : at);
            case Exited already -> already;
        };
    }

    /// Its shim answers, and knows better than a record that was written before it could.
    ///
    /// @param startedAt empty when it was never started
    static ContainerState onFound(ContainerState state, int pid, Optional<Instant> startedAt) {
        return switch (state) {
            case Unknown _, Created _ ->
                    startedAt
                            .<ContainerState>map(at -> new Running(pid, at))
                            .orElseGet(() -> new Created(pid));
            case Running _, Exited _ -> state;
        };
    }

    static ContainerState onLost(ContainerState state, String message) {
        return switch (state) {
            case Created _, Running _, Unknown _ -> new Unknown(message);
            case Exited already -> already;
        };
    }

    private static String reason(int code, boolean oomKilled) {
        if (code == 0) {
            return COMPLETED;
        }
        return oomKilled ? OOM_KILLED : ERROR;
    }

    static String describe(ContainerState state) {
        return switch (state) {
            case Created _ -> "created";
            case Running _ -> "running";
            case Exited _ -> "exited";
            case Unknown _ -> "in an unknown state";
        };
    }
}
