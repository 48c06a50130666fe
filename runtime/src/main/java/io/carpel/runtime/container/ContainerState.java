package io.carpel.runtime.container;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.time.Instant;
import java.util.Optional;

/// Where a container is in its life; see the drawing in the package comment.
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "is")
@JsonSubTypes({
    @JsonSubTypes.Type(value = ContainerState.Created.class, name = "created"),
    @JsonSubTypes.Type(value = ContainerState.Running.class, name = "running"),
    @JsonSubTypes.Type(value = ContainerState.Exited.class, name = "exited"),
    @JsonSubTypes.Type(value = ContainerState.Unknown.class, name = "unknown")
})
public sealed interface ContainerState {
    /// Its init waits for the start.
    ///
    /// @param pid of the init, as the host sees it
    record Created(int pid) implements ContainerState {}

    /// @param pid of the init, as the host sees it
    record Running(int pid, Instant startedAt) implements ContainerState {}

    /// All its processes are gone and its output is in the log.
    ///
    /// @param exitCode 0…255; 128 + n after signal n
    /// @param startedAt empty when it never ran
    /// @param reason `Completed`, `Error`, `OOMKilled` or `StartError`
    /// @param message one sentence for people; may be empty
    record Exited(
            int exitCode,
            String reason,
            String message,
            Optional<Instant> startedAt,
            Instant finishedAt)
            implements ContainerState {}

    /// The truth cannot be learnt any more.
    record Unknown(String message) implements ContainerState {}
}
