package io.carpel.agent.config;

/// A configuration that cannot be used. The message names the place (file and line, variable or
/// flag), the key and the value, and says what would be right.
public final class ConfigException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ConfigException(String message) {
        super(message);
    }

    public ConfigException(String message, Throwable cause) {
        super(message, cause);
    }
}
