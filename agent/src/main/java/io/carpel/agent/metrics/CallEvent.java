package io.carpel.agent.metrics;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/// A call of a kubelet or another client, in a recording of the Flight Recorder.
@Name("io.carpel.Call")
@Label("CRI Call")
@Description("One call on the CRI socket, from its first byte to its status")
@Category("Carpel")
@StackTrace(false)
final class CallEvent extends Event {
    @Label("Method")
    String method = "";

    @Label("Status Code")
    String code = "";
}
