package io.carpel.runtime.network.cni;

/// A configuration file cannot be used; the message says what is wrong with it, without its name.
final class CniConfigException extends Exception {
    private static final long serialVersionUID = 1L;

    CniConfigException(String message) {
        super(message);
    }
}
