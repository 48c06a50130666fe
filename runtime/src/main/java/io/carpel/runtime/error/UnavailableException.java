package io.carpel.runtime.error;

/// Not now: still starting, or something this depends on does not answer. A retry may work.
public final class UnavailableException extends ContainerRuntimeException {
    private static final long serialVersionUID = 1L;

    public UnavailableException(String message) {
        super(message, null);
    }

    public UnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
