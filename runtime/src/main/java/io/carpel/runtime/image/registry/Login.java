package io.carpel.runtime.image.registry;

import io.carpel.runtime.error.InvalidArgumentException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/// What a registry is told about who is asking. Nothing secret is in any `toString`.
public sealed interface Login {
    /// Nothing is known.
    record Anonymous() implements Login {}

    /// User and password, sent to the registry or to the token service it names.
    record Basic(String user, String password) implements Login {
        @Override
        public String toString() {
            return "Basic[redacted]";
        }
    }

    /// An OAuth refresh token, sent to the token service only.
    record Identity(String token) implements Login {
        @Override
        public String toString() {
            return "Identity[redacted]";
        }
    }

    /// A token for the registry itself.
    record Bearer(String token) implements Login {
        @Override
        public String toString() {
            return "Bearer[redacted]";
        }
    }

    /// Reads base64 of `user:password`.
    ///
    /// @throws InvalidArgumentException without repeating the value
    static Login ofAuth(String auth) {
        String plain;
        try {
            plain = new String(Base64.getMimeDecoder().decode(auth), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException _) {
            throw new InvalidArgumentException("registry credentials: auth is not base64");
        }
        int colon = plain.indexOf(':');
        if (colon < 0) {
            throw new InvalidArgumentException("registry credentials: auth is not user:password");
        }
        String password = plain.substring(colon + 1);
        // docker's configuration files pad with NUL
        while (password.endsWith("\0")) {
            password = password.substring(0, password.length() - 1);
        }
        return new Basic(plain.substring(0, colon), password);
    }
}
