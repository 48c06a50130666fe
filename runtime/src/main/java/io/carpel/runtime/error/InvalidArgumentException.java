package io.carpel.runtime.error;

/// The request itself is wrong; the message names the field and its value.
public final class InvalidArgumentException extends ContainerRuntimeException {
    private static final long serialVersionUID = 1L;

    public InvalidArgumentException(String message) {
        super(message, null);
    }

    public InvalidArgumentException(String message, Throwable cause) {
        super(message, cause);
    }
}
