package io.carpel.runtime.image.snapshot;

import java.io.IOException;

/// Content is not what its digest or size says.
public final class DigestMismatchException extends IOException {
    private static final long serialVersionUID = 1L;

    public DigestMismatchException(String message) {
        super(message);
    }
}
