package io.carpel.runtime.launch;

import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.spec.Printable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Tells a mistake from a fault: a part of an image that is to be a volume and is not there was
/// asked for by somebody, and no kernel is to blame.
final class MissingPart {
    private MissingPart() {}

    /// @param operation which of the plan's has failed
    /// @return what to throw instead, or `failure` itself
    static ContainerRuntimeException or(
            KernelFaultException failure, List<Op> plan, int operation) {
        boolean missing =
                failure.getCause() instanceof ErrnoException errno
                        && (errno.is(Errno.ENOENT)
                                || errno.is(Errno.ENOTDIR)
                                || errno.is(Errno.ELOOP));
        if (!missing || operation < 0 || operation >= plan.size()) {
            return failure;
        }
        return switch (plan.get(operation)) {
            case Op.AttachPart part -> missing(part.target(), part.path(), failure);
            // Were it the layer that is missing, the fault would be this host's.
            case Op.Bind bind
                    when !bind.subPath().isEmpty() && Files.isDirectory(Path.of(bind.source())) ->
                    missing(target(plan, bind.slot()), bind.subPath(), failure);
            default -> failure;
        };
    }

    private static String target(List<Op> plan, int slot) {
        return plan.stream()
                .filter(op -> op instanceof Op.Attach attach && attach.slot() == slot)
                .map(op -> ((Op.Attach) op).target())
                .findFirst()
                .orElse("");
    }

    private static NotFoundException missing(
            String target, String path, KernelFaultException failure) {
        return new NotFoundException(
                "image volume at %s: the image has no '%s'"
                        .formatted(Printable.of(target), Printable.of(path)),
                failure);
    }
}
