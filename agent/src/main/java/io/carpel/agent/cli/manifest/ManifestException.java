package io.carpel.agent.cli.manifest;

/// A manifest that cannot be run; the message names the field by its path and, where known, the
/// line.
public final class ManifestException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ManifestException(String message) {
        super(message);
    }

    public ManifestException(String message, Throwable cause) {
        super(message, cause);
    }
}
