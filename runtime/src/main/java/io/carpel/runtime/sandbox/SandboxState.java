package io.carpel.runtime.sandbox;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.time.Instant;

/// Whether containers may be created in a sandbox.
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "is")
@JsonSubTypes({
    @JsonSubTypes.Type(value = SandboxState.Ready.class, name = "ready"),
    @JsonSubTypes.Type(value = SandboxState.NotReady.class, name = "not-ready")
})
public sealed interface SandboxState {
    /// Its namespaces live and its network is up.
    record Ready(Instant since) implements SandboxState {}

    /// Stopped, or what held it is gone; only stop and remove are possible.
    ///
    /// @param why one sentence for people
    record NotReady(Instant since, String why) implements SandboxState {}
}
