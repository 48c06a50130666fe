package io.carpel.runtime.linux;

import java.io.IOException;

/// libnftables refused a command; the message is its own, cut to a reasonable length.
public final class NftablesException extends IOException {
    private static final long serialVersionUID = 1L;
    private static final int MAX_MESSAGE = 2000;

    public NftablesException(String message) {
        super(message.length() > MAX_MESSAGE ? message.substring(0, MAX_MESSAGE) + "…" : message);
    }

    /// Whether the kernel answered that something named in the command does not exist.
    public boolean isMissing() {
        return String.valueOf(getMessage()).contains(ErrorTexts.text(Errno.ENOENT));
    }
}
