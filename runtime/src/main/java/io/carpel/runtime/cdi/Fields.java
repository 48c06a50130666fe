package io.carpel.runtime.cdi;

import io.carpel.runtime.spec.Printable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/// An object of a specification, read field by field. A field that nobody knows is an error: it may
/// hold what the device cannot work without.
final class Fields {
    private static final int MAX_ITEMS = 10_000;
    private static final long MAX_ID = 0xffff_fffeL;

    private final String where;
    private final JsonNode node;

    /// @param where for messages, such as `devices[0]`; empty at the top
    Fields(String where, JsonNode node, Set<String> known) throws SpecException {
        this.where = where;
        this.node = node;
        if (!node.isObject()) {
            throw new SpecException((where.isEmpty() ? "the file" : where) + " is not an object");
        }
        for (String name : node.propertyNames()) {
            if (!known.contains(name)) {
                throw new SpecException("unknown field '%s'".formatted(Printable.of(at(name))));
            }
        }
    }

    String at(String field) {
        return where.isEmpty() ? field : where + "." + field;
    }

    boolean has(String field) {
        return node.has(field) && !node.get(field).isNull();
    }

    JsonNode child(String field) {
        return node.path(field);
    }

    /// Empty when absent.
    String text(String field) throws SpecException {
        if (!has(field)) {
            return "";
        }
        JsonNode value = node.get(field);
        if (!value.isString() || value.stringValue().chars().anyMatch(c -> c < ' ')) {
            throw wrong(field, value.toString(), "is not a text without control characters");
        }
        return value.stringValue();
    }

    String text(String field, Pattern wanted, String description) throws SpecException {
        String text = text(field);
        if (!wanted.matcher(text).matches()) {
            throw wrong(field, text, "is not " + description);
        }
        return text;
    }

    String absolutePath(String field) throws SpecException {
        String path = text(field);
        if (!path.startsWith("/")) {
            throw wrong(field, path, "is not an absolute path");
        }
        return path;
    }

    Optional<Long> number(String field) throws SpecException {
        if (!has(field)) {
            return Optional.empty();
        }
        JsonNode value = node.get(field);
        if (!value.isIntegralNumber() || value.asLong(-1) < 0 || value.asLong(-1) > MAX_ID) {
            throw wrong(field, value.toString(), "is not a number from 0 to " + MAX_ID);
        }
        return Optional.of(value.asLong());
    }

    List<JsonNode> list(String field) throws SpecException {
        if (!has(field)) {
            return List.of();
        }
        JsonNode value = node.get(field);
        if (!value.isArray() || value.size() > MAX_ITEMS) {
            throw new SpecException(
                    "%s is not a list of at most %d items".formatted(at(field), MAX_ITEMS));
        }
        List<JsonNode> items = new ArrayList<>(value.size());
        value.forEach(items::add);
        return items;
    }

    SpecException wrong(String field, String value, String why) {
        return new SpecException("%s '%s' %s".formatted(at(field), Printable.of(value), why));
    }
}
