package io.carpel.agent.control;

import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import java.util.List;

/// The service `carpel.v1.Work`: what the agent is doing at this moment. The answer never waits for
/// any of it.
public final class WorkProtocol {
    public static final String SERVICE = "carpel.v1.Work";

    /// Asks for everything.
    public record Ask() {}

    /// One piece of work.
    ///
    /// @param kind `sandbox`, `container` or `image`
    /// @param id of the object
    /// @param name the pod's or container's name, or the image's reference
    /// @param call what was asked for, such as `create`
    /// @param step what it is at
    /// @param seconds since the step began or last got on
    /// @param overdue whether that is longer than it should be
    public record Pending(
            String kind,
            String id,
            String name,
            String call,
            String step,
            long seconds,
            boolean overdue) {}

    /// Oldest first.
    public record Answer(List<Pending> work) {
        public Answer {
            work = List.copyOf(work);
        }
    }

    public static final MethodDescriptor<Ask, Answer> LIST =
            MethodDescriptor.<Ask, Answer>newBuilder()
                    .setType(MethodType.UNARY)
                    .setFullMethodName(MethodDescriptor.generateFullMethodName(SERVICE, "List"))
                    .setRequestMarshaller(new ControlProtocol.Json<>(Ask.class))
                    .setResponseMarshaller(new ControlProtocol.Json<>(Answer.class))
                    .build();

    private WorkProtocol() {}
}
