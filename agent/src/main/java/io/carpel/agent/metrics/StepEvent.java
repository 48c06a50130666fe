package io.carpel.agent.metrics;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/// A step of making a sandbox or container, in a recording of the Flight Recorder.
@Name("io.carpel.Step")
@Label("Launch Step")
@Description("One step of making or starting a sandbox or container")
@Category("Carpel")
@StackTrace(false)
final class StepEvent extends Event {
    @Label("Kind")
    String kind = "";

    @Label("Id")
    String id = "";

    @Label("Step")
    String step = "";

    @Label("Succeeded")
    boolean succeeded;
}
