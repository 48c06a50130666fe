package io.carpel.runtime.image.registry;

import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.image.content.Json;
import io.carpel.runtime.spec.Printable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/// Logins of the host's administrator, from `auth.json` files. Credential helpers are not run.
final class AuthFile {
    private static final int FILE_LIMIT = 4 << 20;

    private AuthFile() {}

    /// The login for a repository on a host: the most specific key of the first file that has one.
    static Login find(List<Path> files, Endpoint endpoint) {
        for (Path file : files) {
            Optional<byte[]> content = ConfigFiles.read(file, FILE_LIMIT);
            if (content.isPresent()) {
                Optional<Login> login = find(file, content.get(), endpoint);
                if (login.isPresent()) {
                    return login.get();
                }
            }
        }
        return new Login.Anonymous();
    }

    private static Optional<Login> find(Path file, byte[] content, Endpoint endpoint) {
        JsonNode root;
        try {
            root = Json.read(content);
        } catch (JacksonException e) {
            // The message of the parser would quote what stands there.
            throw new FailedPreconditionException(file + " is not JSON");
        }
        for (String key : keys(endpoint)) {
            JsonNode entry = root.path("auths").path(key);
            if (!entry.path("identitytoken").asString("").isEmpty()) {
                return Optional.of(new Login.Identity(entry.path("identitytoken").asString()));
            }
            if (!entry.path("auth").asString("").isEmpty()) {
                return Optional.of(Login.ofAuth(entry.path("auth").asString()));
            }
            refuseHelper(file, key, root.path("credHelpers").path(key));
            if (entry.isObject()) {
                // docker leaves an empty entry for each login that its store holds.
                refuseHelper(file, key, root.path("credsStore"));
            }
        }
        return Optional.empty();
    }

    /// Helpers are programs; this process runs none but its own. To go on without a login would end
    /// in a refusal by the registry that says nothing of the reason.
    private static void refuseHelper(Path file, String key, JsonNode helper) {
        String name = helper.asString("");
        if (!name.isEmpty()) {
            throw new FailedPreconditionException(
                    ("%s names the credential helper '%s' for %s: helpers are not run, put the"
                                    + " login into 'auths'")
                            .formatted(file, Printable.of(name), key));
        }
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
