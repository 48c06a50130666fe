package io.carpel.agent.cli.node;

import java.time.Duration;

/// How long a switch may wait.
///
/// @param drain for all pods to leave, disruption budgets included
/// @param ready for the node to be Ready after the kubelet was started
public record Limits(Duration drain, Duration ready) {}
