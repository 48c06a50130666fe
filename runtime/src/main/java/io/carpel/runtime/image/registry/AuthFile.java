package io.carpel.runtime.image.registry;

import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.image.content.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/// Logins of the host's administrator, from `auth.json` files and the credential helpers that they
/// name.
final class AuthFile {
    private static final int FILE_LIMIT = 4 << 20;

    private AuthFile() {}

    /// The login for a repository on a host: the most specific key of the first file that has one.
    /// Empty when none has.
    static Optional<Login> find(List<Path> files, Endpoint endpoint, CredentialHelper helper) {
        for (Path file : files) {
            Optional<byte[]> content = ConfigFiles.read(file, FILE_LIMIT);
            if (content.isPresent()) {
                Optional<Login> login = find(file, content.get(), endpoint, helper);
                if (login.isPresent()) {
                    return login;
                }
            }
        }
        return Optional.empty();
    }

    private static Optional<Login> find(
            Path file, byte[] content, Endpoint endpoint, CredentialHelper helper) {
        JsonNode root = parse(file, content);
        for (String key : keys(endpoint)) {
            JsonNode entry = root.path("auths").path(key);
            if (!entry.path("identitytoken").asString("").isEmpty()) {
                return Optional.of(new Login.Identity(entry.path("identitytoken").asString()));
            }
            if (!entry.path("auth").asString("").isEmpty()) {
                return Optional.of(Login.ofAuth(entry.path("auth").asString()));
            }
            String named = root.path("credHelpers").path(key).asString("");
            // docker leaves an empty entry for each login that its store holds. Without one the
            // store is not asked: it would be started for every registry of the world.
            if (named.isEmpty() && entry.isObject()) {
                named = root.path("credsStore").asString("");
            }
            if (!named.isEmpty()) {
                Optional<Login> login = helper.get(file, named, key);
                if (login.isPresent()) {
                    return login;
                }
            }
        }
        return Optional.empty();
    }

    private static JsonNode parse(Path file, byte[] content) {
        try {
            return Json.read(content);
        } catch (JacksonException e) {
            // The message of the parser would quote what stands there.
            throw new FailedPreconditionException(file + " is not JSON");
        }
    }

    /// @throws FailedPreconditionException when the file is there and cannot be used
    static void check(Path file) {
        ConfigFiles.read(file, FILE_LIMIT).ifPresent(content -> parse(file, content));
    }

    /// `host/a/b`, `host/a`, `host`, and the old spellings with a scheme.
    private static List<String> keys(Endpoint endpoint) {
        List<String> keys = new ArrayList<>();
        String key = endpoint.host() + "/" + endpoint.path();
        while (key.indexOf('/') >= 0) {
            keys.add(key);
            key = key.substring(0, key.lastIndexOf('/'));
        }
        keys.add(key);
        keys.add("https://" + endpoint.host());
        keys.add("https://" + endpoint.host() + "/");
        if (endpoint.host().equals("docker.io")) {
            keys.add("https://index.docker.io/v1/");
            keys.add("index.docker.io");
        }
        return keys;
    }
}
