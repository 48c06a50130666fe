package io.carpel.runtime.image.snapshot;

import java.io.IOException;

/// The archive is malformed, hostile, or beyond a bound: no retry makes it better.
public final class LayerRefusedException extends IOException {
    private static final long serialVersionUID = 1L;

    public LayerRefusedException(String message) {
        super(message);
    }

    public LayerRefusedException(String message, Throwable cause) {
        super(message, cause);
    }
}
