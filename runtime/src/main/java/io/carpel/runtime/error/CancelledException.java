package io.carpel.runtime.error;

/// The caller gave up; what was begun has been undone.
public final class CancelledException extends ContainerRuntimeException {
    private static final long serialVersionUID = 1L;

    public CancelledException(String message) {
        super(message, null);
    }

    public CancelledException(String message, Throwable cause) {
        super(message, cause);
    }
}
