package io.carpel.runtime.image;

import io.carpel.runtime.image.registry.Login;
import java.util.Optional;

/// Credentials of one pull, as the caller gave them; an empty string means not given.
///
/// Order of preference: registry token, identity token, user and password, `auth`.
///
/// @param auth base64 of `user:password`, used when `username` is empty
/// @param identityToken an OAuth refresh token
/// @param registryToken a bearer token sent to the registry as it is
/// @param serverAddress when given, the only host these may be sent to
public record RegistryCredentials(
        String username,
        String password,
        String auth,
        String identityToken,
        String registryToken,
        String serverAddress) {
    /// User and password for any host the reference names.
    public static RegistryCredentials basic(String username, String password) {
        return new RegistryCredentials(username, password, "", "", "", "");
    }

    public boolean isEmpty() {
        return username.isEmpty()
                && password.isEmpty()
                && auth.isEmpty()
                && identityToken.isEmpty()
                && registryToken.isEmpty();
    }

    /// What a registry is shown, or nothing.
    ///
    /// @throws io.carpel.runtime.error.InvalidArgumentException when `auth` is malformed
    Optional<Login> login() {
        if (!registryToken.isEmpty()) {
            return Optional.of(new Login.Bearer(registryToken));
        }
        if (!identityToken.isEmpty()) {
            return Optional.of(new Login.Identity(identityToken));
        }
        if (!username.isEmpty()) {
            return Optional.of(new Login.Basic(username, password));
        }
        return auth.isEmpty() ? Optional.empty() : Optional.of(Login.ofAuth(auth));
    }

    /// Names nothing secret, so that a log line or message cannot leak it.
    @Override
    public String toString() {
        return "RegistryCredentials[" + (isEmpty() ? "none" : "redacted") + "]";
    }
}
