package io.carpel.agent.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.work.StepWatch;
import io.carpel.runtime.work.Subject;
import io.grpc.Metadata;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FlightEventsTest {
    @TempDir Path directory;

    @Test
    void aRecordingHoldsCallsAndSteps() throws IOException {
        Telemetry telemetry = Telemetry.of(List.of(FlightEvents.telemetry()));
        Path file = directory.resolve("recording.jfr");
        try (Recording recording = new Recording()) {
            recording.enable(CallEvent.class).withoutThreshold();
            recording.enable(StepEvent.class).withoutThreshold();
            recording.start();
            telemetry
                    .calls()
                    .began("RuntimeService/Version", new Metadata())
                    .finished(Status.OK, Duration.ZERO);
            telemetry
                    .steps()
                    .begin(Subject.container("p1", "c1"), "make the cgroup", StepWatch.Running.NONE)
                    .end(false);
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> events = RecordingFile.readAllEvents(file);
        assertThat(events)
                .extracting(e -> e.getEventType().getName())
                .containsExactlyInAnyOrder("io.carpel.Call", "io.carpel.Step");
        for (RecordedEvent event : events) {
            if (event.getEventType().getName().equals("io.carpel.Call")) {
                assertThat(event.getString("method")).isEqualTo("RuntimeService/Version");
                assertThat(event.getString("code")).isEqualTo("OK");
            } else {
                assertThat(event.getString("step")).isEqualTo("make the cgroup");
                assertThat(event.getString("id")).isEqualTo("c1");
                assertThat(event.getBoolean("succeeded")).isFalse();
            }
        }
    }
}
