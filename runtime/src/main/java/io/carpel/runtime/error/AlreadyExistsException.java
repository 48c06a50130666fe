package io.carpel.runtime.error;

/// A name or id is taken by a live object.
public final class AlreadyExistsException extends ContainerRuntimeException {
    private static final long serialVersionUID = 1L;

    public AlreadyExistsException(String message) {
        super(message, null);
    }

    public AlreadyExistsException(String message, Throwable cause) {
        super(message, cause);
    }
}
