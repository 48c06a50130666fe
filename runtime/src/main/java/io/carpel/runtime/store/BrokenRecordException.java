package io.carpel.runtime.store;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// A record on disk that cannot be understood.
public final class BrokenRecordException extends IOException {
    private static final long serialVersionUID = 1L;

    BrokenRecordException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
