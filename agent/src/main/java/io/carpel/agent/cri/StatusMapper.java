package io.carpel.agent.cri;

import io.carpel.runtime.error.AlreadyExistsException;
import io.carpel.runtime.error.CancelledException;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.DeadlineExceededException;
import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.error.ResourceExhaustedException;
import io.carpel.runtime.error.UnavailableException;
import io.carpel.runtime.error.UnsupportedException;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import java.util.concurrent.TimeoutException;

/// Turns failures into gRPC statuses; the only place that knows the codes.
///
/// Clients act on some codes: NOT_FOUND is an object that has vanished, DEADLINE_EXCEEDED of
/// ExecSync a probe that timed out, UNIMPLEMENTED a feature that is not there. And on the first
/// word of some messages, which becomes the reason why a pod waits.
public final class StatusMapper {
    /// How the runtime's messages begin when an image cannot be mounted as a volume.
    private static final String IMAGE_VOLUME = "image volume";

    /// Deep enough for any real chain, and an end for one that bites its tail.
    private static final int CAUSES = 6;

    private static final int MESSAGE_LIMIT = 4_096;

    private StatusMapper() {}

    /// The status of a call that ended with `failure`.
    ///
    /// @param context the call's own: its deadline counts for more than what the work made of it
    public static Status toStatus(Throwable failure, Context context) {
        Status.Code code = context.isCancelled() ? ended(context) : code(failure);
        return Status.fromCode(code).withDescription(message(failure)).withCause(failure);
    }

    private static Status.Code ended(Context context) {
        return context.cancellationCause() instanceof TimeoutException
                ? Status.Code.DEADLINE_EXCEEDED
                : Status.Code.CANCELLED;
    }

    private static Status.Code code(Throwable failure) {
        return switch (failure) {
            case ContainerRuntimeException known -> code(known);
            case StatusRuntimeException known -> known.getStatus().getCode();
            case StatusException known -> known.getStatus().getCode();
            default -> Status.Code.INTERNAL;
        };
    }

    private static Status.Code code(ContainerRuntimeException failure) {
        return switch (failure) {
            case AlreadyExistsException _ -> Status.Code.ALREADY_EXISTS;
            case CancelledException _ -> Status.Code.CANCELLED;
            case DeadlineExceededException _ -> Status.Code.DEADLINE_EXCEEDED;
            case FailedPreconditionException _ -> Status.Code.FAILED_PRECONDITION;
            case InvalidArgumentException _ -> Status.Code.INVALID_ARGUMENT;
            case KernelFaultException _ -> Status.Code.INTERNAL;
            case NotFoundException _ -> Status.Code.NOT_FOUND;
            case ResourceExhaustedException _ -> Status.Code.RESOURCE_EXHAUSTED;
            case UnavailableException _ -> Status.Code.UNAVAILABLE;
            case UnsupportedException _ -> Status.Code.UNIMPLEMENTED;
        };
    }

    // The causes say what the outermost message leaves out: which system call, on what, which
    // errno.
    private static String message(Throwable failure) {
        StringBuilder text = new StringBuilder();
        Throwable at = failure;
        for (int i = 0; at != null && i < CAUSES; i++) {
            append(text, own(at));
            at = at.getCause();
        }
        String message = text.toString();
        if (message.startsWith(IMAGE_VOLUME)) {
            message = "ImageVolumeMountFailed: " + message;
        }
        return message.length() > MESSAGE_LIMIT
                ? message.substring(0, MESSAGE_LIMIT) + "…"
                : message;
    }

    private static void append(StringBuilder text, String part) {
        // Many exceptions repeat their cause's message.
        if (text.indexOf(part) >= 0) {
            return;
        }
        if (!text.isEmpty()) {
            text.append(": ");
        }
        text.append(part);
    }

    private static String own(Throwable failure) {
        String message = failure.getMessage();
        return message == null || message.isEmpty() ? failure.getClass().getSimpleName() : message;
    }
}
