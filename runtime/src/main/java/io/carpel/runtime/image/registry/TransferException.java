package io.carpel.runtime.image.registry;

import java.io.IOException;

/// A transfer failed as often as it was allowed to.
public final class TransferException extends IOException {
    private static final long serialVersionUID = 1L;

    TransferException(IOException cause) {
        super(Exchanges.reason(cause), cause);
    }
}
