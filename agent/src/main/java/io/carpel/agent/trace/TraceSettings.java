package io.carpel.agent.trace;

import io.carpel.agent.config.AgentConfig;
import io.carpel.agent.config.BuildInfo;
import io.carpel.agent.config.ConfigKeys;
import java.net.URI;
import java.time.Duration;

/// Where spans go, and which.
///
/// @param endpoint the URL that takes OTLP over HTTP, path included
/// @param sampling the share of calls that are traced when their caller has not decided, 0…1
/// @param version of the agent
/// @param instance of the agent; empty is the only one on its host
/// @param patience how long one delivery may take
/// @param farewell how long closing waits for what is still queued
record TraceSettings(
        String endpoint,
        double sampling,
        String version,
        String instance,
        Duration patience,
        Duration farewell) {
    /// Where collectors listen for traces below their address (OTLP specification, 2.3).
    private static final String PATH = "/v1/traces";

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /// Together with what else happens at the end, less than service managers wait.
    private static final Duration FAREWELL = Duration.ofSeconds(3);

    static TraceSettings of(AgentConfig config) {
        return new TraceSettings(
                complete(config.get(ConfigKeys.TRACES_ENDPOINT)),
                config.get(ConfigKeys.TRACES_SAMPLING),
                BuildInfo.load().version(),
                config.get(ConfigKeys.INSTANCE),
                PATIENCE,
                FAREWELL);
    }

    /// The usual path, unless the address has one.
    static String complete(String endpoint) {
        String path = URI.create(endpoint).getPath();
        return path.isEmpty() || path.equals("/")
                ? endpoint.replaceFirst("/$", "") + PATH
                : endpoint;
    }
}
