package io.carpel.runtime.error;

/// The named object does not exist (or no longer does).
public final class NotFoundException extends ContainerRuntimeException {
    private static final long serialVersionUID = 1L;

    public NotFoundException(String message) {
        super(message, null);
    }

    public NotFoundException(String message, Throwable cause) {
        super(message, cause);
    }
}
