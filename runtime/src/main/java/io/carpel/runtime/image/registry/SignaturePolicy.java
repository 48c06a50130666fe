package io.carpel.runtime.image.registry;

import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.image.content.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/// `policy.json` of containers-common: which images may be pulled at all.
///
/// `insecureAcceptAnything` and `reject` are obeyed. A scope that demands signatures refuses every
/// image, since they cannot be checked here: better no image than an unchecked one.
final class SignaturePolicy {
    private static final int FILE_LIMIT = 4 << 20;
    private static final String PREFIX = "SignatureValidationFailed: ";

    private SignaturePolicy() {}

    /// @throws FailedPreconditionException when the policy does not accept the image; the message
    ///   begins with `SignatureValidationFailed`
    static void check(Path file, RepositoryName name) {
        Optional<byte[]> content = ConfigFiles.read(file, FILE_LIMIT);
        if (content.isEmpty()) {
            return;
        }
        JsonNode root = parse(file, content.get());
        JsonNode requirements = requirements(root, name);
        if (!requirements.isArray() || requirements.isEmpty()) {
            throw new FailedPreconditionException(
                    PREFIX + file + " has no requirements for '" + name + "' and no default");
        }
        for (JsonNode requirement : requirements) {
            String type = requirement.path("type").asString("");
            switch (type) {
                case "insecureAcceptAnything" -> {}
                case "reject" ->
                        throw new FailedPreconditionException(
                                PREFIX + "'" + name + "' is rejected by " + file);
                default ->
                        throw new FailedPreconditionException(
                                "%s'%s' needs '%s' by %s, which is not supported"
                                        .formatted(PREFIX, name, type, file));
            }
        }
    }

    private static JsonNode parse(Path file, byte[] content) {
        try {
            return Json.read(content);
        } catch (JacksonException e) {
            throw new FailedPreconditionException(
                    PREFIX + file + " is not JSON: " + e.getOriginalMessage(), e);
        }
    }

    /// @throws FailedPreconditionException when the file is there and cannot be used
    static void check(Path file) {
        ConfigFiles.read(file, FILE_LIMIT).ifPresent(content -> parse(file, content));
    }

    private static JsonNode requirements(JsonNode root, RepositoryName name) {
        JsonNode docker = root.path("transports").path("docker");
        for (String scope : scopes(name)) {
            if (docker.has(scope)) {
                return docker.path(scope);
            }
        }
        return root.path("default");
    }

    /// From the image itself up to its host, the host's parent domains, and the transport's own
    /// default.
    private static List<String> scopes(RepositoryName name) {
        List<String> out = new ArrayList<>();
        out.add(name.scope());
        String scope = name.domain() + "/" + name.path();
        while (scope.indexOf('/') >= 0) {
            out.add(scope);
            scope = scope.substring(0, scope.lastIndexOf('/'));
        }
        out.add(scope);
        int dot = scope.indexOf('.');
        while (dot >= 0) {
            out.add("*" + scope.substring(dot));
            dot = scope.indexOf('.', dot + 1);
        }
        out.add("");
        return out;
    }
}
