package io.carpel.runtime.error;

/// A time limit of the caller or of the step has passed.
public final class DeadlineExceededException extends ContainerRuntimeException {
    private static final long serialVersionUID = 1L;

    public DeadlineExceededException(String message) {
        super(message, null);
    }

    public DeadlineExceededException(String message, Throwable cause) {
        super(message, cause);
    }
}
