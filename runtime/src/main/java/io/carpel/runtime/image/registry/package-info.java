/// Registries: the distribution protocol, who may be asked for what, and with which credentials.
///
/// `RegistryClient` opens a `RegistrySession` for one pull; that asks one `EndpointSession` after
/// the other (mirrors first, then the registry that was named), each with its own `Authorizer`.
/// `RegistryRules`, `AuthFile`, `SignaturePolicy` and `Tls` read the host's files anew for each
/// pull; `HostLogins` looks into the files, and asks `CredentialHelper`s where they name one. This
/// is the one place that uses the ORAS SDK: platform matching and the header of a basic login are
/// its. Transport and tokens are on `java.net.http`, because in the SDK (0.7)
///
/// - tokens are cached for the whole process by scope alone, so that one caller's token would serve
///   another who has shown no credentials;
/// - a login is one for all places, where a mirror must not see what is meant for the registry;
/// - nothing can be cancelled, and a silent registry is waited for without end;
/// - manifests, errors and token answers are read without a bound;
/// - a broken transfer cannot be taken up again where it ended.
@NullMarked
package io.carpel.runtime.image.registry;

import org.jspecify.annotations.NullMarked;
