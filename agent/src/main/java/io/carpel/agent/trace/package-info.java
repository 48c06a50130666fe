/// Traces for a collector of OpenTelemetry: a span for each call, below it spans for its steps.
///
/// [Traces] is the door; it and all others here use the OpenTelemetry SDK, so nobody touches this
/// room unless an endpoint is configured: not one class of the SDK is loaded then. Calls come in by
/// [io.carpel.agent.cri.CallObserver], steps by [io.carpel.runtime.work.StepWatch], pulls by
/// [io.carpel.runtime.image.PullWatch], as for the metrics next door.
///
/// Whose step it is goes with the thread ([CurrentCall]); work that changes threads takes it along.
/// Nobody waits for a collector: spans go to a bounded queue ([BoundedSpans]) and what cannot be
/// delivered is counted and given up ([SpanLedger]).
@NullMarked
package io.carpel.agent.trace;

import org.jspecify.annotations.NullMarked;
