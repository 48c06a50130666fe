package io.carpel.runtime.error;

/// A bound was reached: disk, ids, addresses, tokens, sizes.
public final class ResourceExhaustedException extends ContainerRuntimeException {
    private static final long serialVersionUID = 1L;

    public ResourceExhaustedException(String message) {
        super(message, null);
    }

    public ResourceExhaustedException(String message, Throwable cause) {
        super(message, cause);
    }
}
