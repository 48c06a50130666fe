/// What the agent tells about itself: meters for Prometheus and events for the JDK's Flight
/// Recorder.
///
/// Calls come in by [io.carpel.agent.cri.CallObserver], launch steps by
/// [io.carpel.runtime.work.StepWatch]; [Telemetry] hands both to whoever listens. Nothing of a pod
/// is in a name or label here: the number of series does not grow with pods. Numbers of pods are
/// next door in `stats`, traces in `trace`.
@NullMarked
package io.carpel.agent.metrics;

import org.jspecify.annotations.NullMarked;
