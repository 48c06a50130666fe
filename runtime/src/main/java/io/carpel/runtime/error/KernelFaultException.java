package io.carpel.runtime.error;

/// The kernel refused a step that should work; the cause carries call, path and errno.
public final class KernelFaultException extends ContainerRuntimeException {
    private static final long serialVersionUID = 1L;

    public KernelFaultException(String message) {
        super(message, null);
    }

    public KernelFaultException(String message, Throwable cause) {
        super(message, cause);
    }
}
