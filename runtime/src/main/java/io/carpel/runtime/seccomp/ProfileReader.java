package io.carpel.runtime.seccomp;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.linux.SeccompCalls;
import io.carpel.runtime.linux.SeccompCalls.Comparison;
import io.carpel.runtime.spec.Printable;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The JSON form of a profile: docker's and containers-common's, which differ in how they list
/// architectures, and the OCI runtime's, which has neither includes nor excludes.
final class ProfileReader {
    private static final int MAX_BYTES = 1 << 20;
    private static final int MAX_RULES = 4096;
    private static final int EPERM = 1;
    private static final int MAX_ERRNO = 4095;
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final byte[] json;
    private int defaultErrno = EPERM;

    ProfileReader(byte[] json) {
        this.json = json;
    }

    SeccompProfile read() {
        if (json.length > MAX_BYTES) {
            throw wrong("profile", json.length + " bytes, more than " + MAX_BYTES);
        }
        JsonNode root;
        try {
            root = JSON.readTree(json);
        } catch (JacksonException e) {
            throw new InvalidArgumentException(
                    "seccomp profile is not JSON: %s".formatted(e.getOriginalMessage()), e);
        }
        if (!root.isObject()) {
            throw wrong("profile", "is not an object");
        }
        if (root.has("defaultErrnoRet")) {
            defaultErrno = errno("defaultErrnoRet", root.get("defaultErrnoRet"));
        }
        int action = action("defaultAction", root.path("defaultAction"), defaultErrno);
        JsonNode calls = root.path("syscalls");
        if (!calls.isMissingNode() && !calls.isNull() && !calls.isArray()) {
            throw wrong("syscalls", "is not a list");
        }
        if (calls.size() > MAX_RULES) {
            throw wrong("syscalls", "has " + calls.size() + " rules, more than " + MAX_RULES);
        }
        var rules = new ArrayList<SeccompRule>();
        for (int i = 0; i < calls.size(); i++) {
            rules.add(rule("syscalls[%d]".formatted(i), calls.get(i)));
        }
        return new SeccompProfile(action, architectures(root), rules);
    }

    private List<String> architectures(JsonNode root) {
        var names = new LinkedHashSet<String>();
        for (String name : texts("architectures", root.path("architectures"))) {
            names.add(architecture(name));
        }
        String host = HostArchitecture.libseccompName();
        for (JsonNode entry : root.path("archMap")) {
            // Sub-architectures count only with the host's own.
            if (architecture(entry.path("architecture").asString("")).equals(host)) {
                JsonNode subs = entry.path("subArchitectures");
                for (String name : texts("archMap.subArchitectures", subs)) {
                    names.add(architecture(name));
                }
            }
        }
        names.remove(host);
        return List.copyOf(names);
    }

    private static String architecture(String name) {
        String prefix = "SCMP_ARCH_";
        if (!name.startsWith(prefix)) {
            throw wrong("architecture", "'%s' is not like SCMP_ARCH_X86_64", name);
        }
        return name.substring(prefix.length()).toLowerCase(Locale.ROOT);
    }

    private SeccompRule rule(String field, JsonNode node) {
        var names = new ArrayList<>(texts(field + ".names", node.path("names")));
        if (node.path("name").isString()) {
            names.add(node.path("name").asString());
        }
        if (names.isEmpty()) {
            throw wrong(field, "has no names");
        }
        int errno =
                node.path("errnoRet").isMissingNode() || node.path("errnoRet").isNull()
                        ? defaultErrno
                        : errno(field + ".errnoRet", node.path("errnoRet"));
        int action = action(field + ".action", node.path("action"), errno);
        var comparisons = new ArrayList<Comparison>();
        JsonNode args = node.path("args");
        for (int i = 0; i < args.size(); i++) {
            comparisons.add(comparison("%s.args[%d]".formatted(field, i), args.get(i)));
        }
        JsonNode includes = node.path("includes");
        JsonNode excludes = node.path("excludes");
        var condition =
                new SeccompRule.Condition(
                        texts(field + ".includes.caps", includes.path("caps")),
                        texts(field + ".excludes.caps", excludes.path("caps")),
                        texts(field + ".includes.arches", includes.path("arches")),
                        texts(field + ".excludes.arches", excludes.path("arches")),
                        includes.path("minKernel").asString(""));
        return new SeccompRule(names, action, comparisons, condition);
    }

    private static Comparison comparison(String field, JsonNode node) {
        JsonNode index = node.path("index");
        if (!index.isIntegralNumber() || index.asInt() < 0 || index.asInt() > 5) {
            throw wrong(field + ".index", "'%s' is not in 0…5", index.toString());
        }
        String operator = node.path("op").asString("");
        int code =
                switch (operator) {
                    case "SCMP_CMP_NE" -> SeccompCalls.CMP_NE;
                    case "SCMP_CMP_LT" -> SeccompCalls.CMP_LT;
                    case "SCMP_CMP_LE" -> SeccompCalls.CMP_LE;
                    case "SCMP_CMP_EQ" -> SeccompCalls.CMP_EQ;
                    case "SCMP_CMP_GE" -> SeccompCalls.CMP_GE;
                    case "SCMP_CMP_GT" -> SeccompCalls.CMP_GT;
                    case "SCMP_CMP_MASKED_EQ" -> SeccompCalls.CMP_MASKED_EQ;
                    default -> throw wrong(field + ".op", "'%s' is unknown", operator);
                };
        return new Comparison(
                index.asInt(),
                code,
                number(field + ".value", node.path("value")),
                number(field + ".valueTwo", node.path("valueTwo")));
    }

    /// An unsigned 64-bit number; 0 when absent.
    private static long number(String field, JsonNode node) {
        if (node.isMissingNode() || node.isNull()) {
            return 0;
        }
        if (!node.isIntegralNumber() || node.bigIntegerValue().bitLength() > Long.SIZE) {
            throw wrong(field, "'%s' is not a 64-bit number", node.toString());
        }
        return node.bigIntegerValue().longValue();
    }

    private static int errno(String field, JsonNode node) {
        if (!node.isIntegralNumber() || node.asLong() < 0 || node.asLong() > MAX_ERRNO) {
            throw wrong(field, "'%s' is not an error number", node.toString());
        }
        return node.asInt();
    }

    private static int action(String field, JsonNode node, int errno) {
        String name = node.asString("");
        return switch (name) {
            case "SCMP_ACT_ALLOW" -> SeccompCalls.ACT_ALLOW;
            case "SCMP_ACT_ERRNO" -> SeccompCalls.ACT_ERRNO | errno;
            case "SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD" -> SeccompCalls.ACT_KILL_THREAD;
            case "SCMP_ACT_KILL_PROCESS" -> SeccompCalls.ACT_KILL_PROCESS;
            case "SCMP_ACT_TRAP" -> SeccompCalls.ACT_TRAP;
            case "SCMP_ACT_TRACE" -> SeccompCalls.ACT_TRACE | errno;
            case "SCMP_ACT_LOG" -> SeccompCalls.ACT_LOG;
            default -> throw wrong(field, "'%s' is not an action we can take", name);
        };
    }

    private static List<String> texts(String field, JsonNode node) {
        if (node.isMissingNode() || node.isNull()) {
            return List.of();
        }
        if (!node.isArray()) {
            throw wrong(field, "is not a list");
        }
        var texts = new ArrayList<String>();
        for (JsonNode each : node) {
            if (!each.isString()) {
                throw wrong(field, "holds '%s', which is not a text", each.toString());
            }
            texts.add(each.asString());
        }
        return texts;
    }

    private static InvalidArgumentException wrong(String field, String what, String... values) {
        Object[] printable = List.of(values).stream().map(Printable::of).toArray();
        return new InvalidArgumentException(
                "seccomp profile: %s %s".formatted(field, what.formatted(printable)));
    }
}
