package io.carpel.runtime.cdi;

/// A file that is no valid specification; the message says where in it and why.
final class SpecException extends Exception {
    private static final long serialVersionUID = 1L;

    SpecException(String message) {
        super(message);
    }
}
