package io.carpel.runtime.image.registry;

import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.UnavailableException;
import java.util.Optional;

/// The host's own logins, for whoever brings none: from its files and from its helpers, in the
/// order that `registries.conf` gives.
final class HostLogins {
    private final RegistrySettings settings;
    private final CredentialHelper helper;

    HostLogins(RegistrySettings settings, CredentialHelper helper) {
        this.settings = settings;
        this.helper = helper;
    }

    /// The first login for a place. A helper that fails does not keep the next from being asked,
    /// and is told of when none has one: without a login the registry would refuse, and not say
    /// why.
    ///
    /// @throws FailedPreconditionException when nothing was found and a file or helper is broken
    /// @throws UnavailableException when nothing was found and a helper did not end in time
    Login find(RegistryRules rules, Endpoint endpoint) {
        Optional<RuntimeException> failure = Optional.empty();
        for (String source : rules.credentialHelpers()) {
            try {
                Optional<Login> login = ask(source, endpoint);
                if (login.isPresent()) {
                    return login.get();
                }
            } catch (FailedPreconditionException | UnavailableException e) {
                failure = failure.or(() -> Optional.of(e));
            }
        }
        if (failure.isPresent()) {
            throw failure.get();
        }
        return new Login.Anonymous();
    }

    private Optional<Login> ask(String source, Endpoint endpoint) {
        return source.equals(RegistryRules.AUTH_FILES)
                ? AuthFile.find(settings.authFiles(), endpoint, helper)
                : helper.get(settings.registriesConf(), source, endpoint.host());
    }
}
