package io.carpel.runtime.error;

/// This host, kernel or version cannot do what was asked.
public final class UnsupportedException extends ContainerRuntimeException {
    private static final long serialVersionUID = 1L;

    public UnsupportedException(String message) {
        super(message, null);
    }

    public UnsupportedException(String message, Throwable cause) {
        super(message, cause);
    }
}
