package io.carpel.runtime.image.registry;

import io.carpel.runtime.error.FailedPreconditionException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.toml.TomlMapper;

/// `registries.conf` (version 2) of containers-common with its drop-ins: where images really come
/// from, what may be plain http, and what is forbidden.
///
/// Search lists for short names are ignored: a name without a registry means `docker.io`, because
/// on a node the same name must mean the same image.
final class RegistryRules {
    private static final TomlMapper TOML = new TomlMapper();
    private static final int FILE_LIMIT = 4 << 20;

    /// What `credential-helpers` calls the `auth.json` files.
    static final String AUTH_FILES = "containers-auth.json";

    private final List<Rule> rules;
    private final List<String> credentialHelpers;

    private RegistryRules(List<Rule> rules, List<String> credentialHelpers) {
        this.rules = List.copyOf(rules);
        this.credentialHelpers = List.copyOf(credentialHelpers);
    }

    /// Where logins are looked for, in this order: [#AUTH_FILES], or a helper's name.
    List<String> credentialHelpers() {
        return credentialHelpers;
    }

    /// When a mirror is asked.
    private enum Use {
        ALL,
        DIGEST_ONLY,
        TAG_ONLY
    }

    private record Mirror(String location, boolean insecure, Use use) {}

    private record Rule(
            String prefix,
            String location,
            Optional<Boolean> insecure,
            boolean blocked,
            List<Mirror> mirrors) {}

    /// Reads the files; a rule of a later file replaces one with the same prefix.
    ///
    /// @throws FailedPreconditionException naming the file and what is wrong in it
    static RegistryRules load(Path file, Path dropIns) {
        Map<String, Rule> rules = new LinkedHashMap<>();
        List<String> helpers = List.of(AUTH_FILES);
        List<Path> sources = new ArrayList<>();
        sources.add(file);
        sources.addAll(ConfigFiles.dropIns(dropIns, ".conf"));
        for (Path source : sources) {
            Optional<byte[]> content = ConfigFiles.read(source, FILE_LIMIT);
            if (content.isPresent()) {
                JsonNode root = parse(source, content.get(), rules);
                // As with rules, a later file replaces what an earlier one says.
                helpers = helpers(source, root.path("credential-helpers"), helpers);
            }
        }
        return new RegistryRules(List.copyOf(rules.values()), helpers);
    }

    private static List<String> helpers(Path source, JsonNode node, List<String> before) {
        if (node.isMissingNode()) {
            return before;
        }
        List<String> names = new ArrayList<>();
        for (JsonNode each : node) {
            names.add(each.asString(""));
        }
        if (!node.isArray() || names.isEmpty() || names.contains("")) {
            throw new FailedPreconditionException(
                    source + ": credential-helpers is not a list of names");
        }
        return names;
    }

    private static JsonNode parse(Path source, byte[] content, Map<String, Rule> rules) {
        JsonNode root;
        try {
            root = TOML.readTree(content);
        } catch (JacksonException e) {
            throw new FailedPreconditionException(
                    source + " is not TOML: " + e.getOriginalMessage(), e);
        }
        if (root.has("registries")) {
            throw new FailedPreconditionException(
                    source + " is in the old format of version 1; write [[registry]] tables");
        }
        for (JsonNode registry : root.path("registry")) {
            Rule rule = rule(source, registry);
            rules.put(rule.prefix(), rule);
        }
        return root;
    }

    private static Rule rule(Path source, JsonNode node) {
        String location = trimmed(node.path("location").asString(""));
        String prefix = trimmed(node.path("prefix").asString(""));
        if (prefix.isEmpty()) {
            prefix = location;
        }
        if (prefix.isEmpty()) {
            throw new FailedPreconditionException(
                    source + ": a [[registry]] has neither prefix nor location");
        }
        if (prefix.indexOf('*') >= 0 && (!prefix.startsWith("*.") || prefix.indexOf('*', 1) >= 0)) {
            throw new FailedPreconditionException(
                    "%s: prefix '%s': a wildcard stands only at the front, as *.example.com"
                            .formatted(source, prefix));
        }
        boolean byDigest = node.path("mirror-by-digest-only").asBoolean(false);
        List<Mirror> mirrors = new ArrayList<>();
        for (JsonNode mirror : node.path("mirror")) {
            mirrors.add(mirror(source, mirror, byDigest));
        }
        return new Rule(
                prefix,
                location,
                node.has("insecure")
                        ? Optional.of(node.path("insecure").asBoolean(false))
                        : Optional.empty(),
                node.path("blocked").asBoolean(false),
                List.copyOf(mirrors));
    }

    private static Mirror mirror(Path source, JsonNode node, boolean byDigest) {
        String location = trimmed(node.path("location").asString(""));
        if (location.isEmpty()) {
            throw new FailedPreconditionException(source + ": a mirror has no location");
        }
        String use = node.path("pull-from-mirror").asString("");
        return new Mirror(
                location,
                node.path("insecure").asBoolean(false),
                switch (use) {
                    case "" -> byDigest ? Use.DIGEST_ONLY : Use.ALL;
                    case "all" -> Use.ALL;
                    case "digest-only" -> Use.DIGEST_ONLY;
                    case "tag-only" -> Use.TAG_ONLY;
                    default ->
                            throw new FailedPreconditionException(
                                    "%s: pull-from-mirror '%s' is none of all, digest-only, tag-only"
                                            .formatted(source, use));
                });
    }

    private static String trimmed(String location) {
        String out = location;
        while (out.endsWith("/")) {
            out = out.substring(0, out.length() - 1);
        }
        return out;
    }

    /// Where to look, mirrors first.
    ///
    /// @throws FailedPreconditionException when the registry is blocked
    List<Endpoint> endpoints(RepositoryName name) {
        Optional<Rule> match = match(name);
        String full = name.domain() + "/" + name.path();
        if (match.isEmpty()) {
            return List.of(endpoint(full, isLoopback(name.domain()), false));
        }
        Rule rule = match.get();
        if (rule.blocked()) {
            throw new FailedPreconditionException(
                    "registry '%s' is blocked by registries.conf, so '%s' is not pulled"
                            .formatted(rule.prefix(), name));
        }
        int cut = rule.prefix().startsWith("*.") ? name.domain().length() : rule.prefix().length();
        String rest = cut >= full.length() ? "" : full.substring(cut);
        List<Endpoint> out = new ArrayList<>();
        for (Mirror mirror : rule.mirrors()) {
            boolean asked =
                    switch (mirror.use()) {
                        case ALL -> true;
                        case DIGEST_ONLY -> name.byDigest();
                        case TAG_ONLY -> !name.byDigest();
                    };
            if (asked) {
                out.add(endpoint(mirror.location() + rest, mirror.insecure(), true));
            }
        }
        String real = rule.location().isEmpty() ? full : rule.location() + rest;
        out.add(endpoint(real, rule.insecure().orElseGet(() -> isLoopback(real)), false));
        return out;
    }

    private static Endpoint endpoint(String full, boolean insecure, boolean mirror) {
        int slash = full.indexOf('/');
        if (slash < 0) {
            throw new FailedPreconditionException(
                    "registries.conf rewrites the image to '%s', which has no repository"
                            .formatted(full));
        }
        return new Endpoint(full.substring(0, slash), full.substring(slash + 1), insecure, mirror);
    }

    /// Loopback never leaves the host, so it may do without TLS, as docker and containerd have it;
    /// `insecure = false` in a rule takes that back.
    private static boolean isLoopback(String name) {
        int slash = name.indexOf('/');
        String host = slash < 0 ? name : name.substring(0, slash);
        return host.matches("(localhost|127(\\.\\d{1,3}){3}|\\[::1\\])(:\\d+)?");
    }

    private Optional<Rule> match(RepositoryName name) {
        Optional<Rule> best = Optional.empty();
        for (Rule rule : rules) {
            if (matches(rule.prefix(), name)
                    && best.map(b -> b.prefix().length() < rule.prefix().length()).orElse(true)) {
                best = Optional.of(rule);
            }
        }
        return best;
    }

    private static boolean matches(String prefix, RepositoryName name) {
        if (prefix.startsWith("*.")) {
            return name.domain().endsWith(prefix.substring(1));
        }
        String scope = name.scope();
        if (!scope.startsWith(prefix)) {
            return false;
        }
        return scope.length() == prefix.length()
                || "/:@".indexOf(scope.charAt(prefix.length())) >= 0;
    }
}
