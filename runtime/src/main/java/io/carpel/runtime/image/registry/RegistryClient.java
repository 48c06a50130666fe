package io.carpel.runtime.image.registry;

import java.util.List;
import java.util.Optional;

/// Talks to registries by the host's rules. Thread-safe.
public final class RegistryClient implements AutoCloseable {
    private volatile RegistrySettings settings;
    private final Exchanges exchanges;
    private final CredentialHelper helper = CredentialHelper.host();

    public RegistryClient(RegistrySettings settings) {
        this.settings = settings;
        this.exchanges = new Exchanges(settings);
    }

    /// Pulls that begin from now on go by these settings.
    public void use(RegistrySettings next) {
        settings = next;
        exchanges.use(next);
    }

    /// Begins one pull: reads the host's rules as they are now.
    ///
    /// @param login the caller's; nothing means that the host's own files are looked at
    /// @param onlyHost when not empty, the only host the caller's login may go to
    /// @throws io.carpel.runtime.error.FailedPreconditionException when rules or policy forbid it
    public RegistrySession open(
            RepositoryName name,
            Optional<Login> login,
            String onlyHost,
            Interruption interruption) {
        RegistrySettings now = settings;
        SignaturePolicy.check(now.policy(), name);
        RegistryRules rules = RegistryRules.load(now.registriesConf(), now.registriesConfDir());
        HostLogins logins = new HostLogins(now, helper);
        List<EndpointSession> sessions =
                rules.endpoints(name).stream()
                        .map(endpoint ->
                                new EndpointSession(
                                        exchanges,
                                        now,
                                        endpoint,
                                        new Authorizer(
                                                exchanges,
                                                endpoint,
                                                login.filter(_ -> allowed(endpoint, name, onlyHost))
                                                        .orElseGet(
                                                                () -> logins.find(rules, endpoint)),
                                                interruption),
                                        interruption))
                        .toList();
        return new RegistrySession(name, sessions, interruption, now);
    }

    /// The caller's login is for the registry that was named, never for a mirror of it.
    private static boolean allowed(Endpoint endpoint, RepositoryName name, String onlyHost) {
        if (endpoint.mirror()) {
            return false;
        }
        if (onlyHost.isEmpty()) {
            return true;
        }
        String host = onlyHost.replaceFirst("^https?://", "");
        int slash = host.indexOf('/');
        host = slash < 0 ? host : host.substring(0, slash);
        host = host.equals("index.docker.io") ? "docker.io" : host;
        return host.equals(endpoint.host()) || host.equals(name.domain());
    }

    @Override
    public void close() {
        exchanges.close();
    }
}
