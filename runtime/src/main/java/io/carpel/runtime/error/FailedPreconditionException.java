package io.carpel.runtime.error;

/// The request is right but the object is in the wrong state for it.
public final class FailedPreconditionException extends ContainerRuntimeException {
    private static final long serialVersionUID = 1L;

    public FailedPreconditionException(String message) {
        super(message, null);
    }

    public FailedPreconditionException(String message, Throwable cause) {
        super(message, cause);
    }
}
