package io.carpel.runtime.error;

import org.jspecify.annotations.Nullable;

/// The root of every failure that leaves this module. Sealed, so that a switch over it is complete.
public abstract sealed class ContainerRuntimeException extends RuntimeException
        permits AlreadyExistsException,
                CancelledException,
                DeadlineExceededException,
                FailedPreconditionException,
                InvalidArgumentException,
                KernelFaultException,
                NotFoundException,
                ResourceExhaustedException,
                UnavailableException,
                UnsupportedException {
    private static final long serialVersionUID = 1L;

    ContainerRuntimeException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
