package io.carpel.runtime.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ObjectNode;

/// Takes single fields out of a record, as if an older build had written it that did not know them.
public final class OlderRecords {
    private final Set<String> vital;
    private final List<Field> fields = new ArrayList<>();

    /// One field somewhere in the tree.
    ///
    /// @param parent holds it
    /// @param kind its declared type
    private record Field(String path, ObjectNode parent, String name, Class<?> kind) {}

    private OlderRecords(Set<String> vital) {
        this.vital = vital;
    }

    /// Checks for each field of the record, however deep, that the record is read without it: as if
    /// a list, set, map or optional value were empty, and a flag false; and that it is not read
    /// without a text, a time or another record, since nothing could stand for those.
    ///
    /// @param value every collection in it should hold something
    /// @param vital paths of collections that may not be empty
    /// @return how many fields were taken out
    public static int check(Record value, Set<String> vital) throws IOException {
        ObjectMapper mapper = RecordStore.mapper();
        ObjectNode tree = (ObjectNode) mapper.readTree(mapper.writeValueAsBytes(value));
        assertThat(read(mapper, tree, value)).isEqualTo(value);
        OlderRecords older = new OlderRecords(vital);
        older.walk(value, tree, "");
        for (Field field : older.fields) {
            JsonNode whole = field.parent().remove(field.name());
            if (older.mayBeMissing(field)) {
                Record got = read(mapper, tree, value);
                field.parent().set(field.name(), emptyOf(mapper, field));
                assertThat(mapper.readTree(mapper.writeValueAsBytes(got)))
                        .as(field.path())
                        .isEqualTo(tree);
            } else {
                assertThatThrownBy(() -> read(mapper, tree, value))
                        .as(field.path())
                        .isInstanceOf(JacksonException.class);
            }
            field.parent().set(field.name(), whole);
        }
        return older.fields.size();
    }

    private static Record read(ObjectMapper mapper, JsonNode tree, Record like) {
        return mapper.treeToValue(tree, like.getClass());
    }

    private boolean mayBeMissing(Field field) {
        boolean hasEmpty =
                isCollection(field.kind())
                        || field.kind() == Map.class
                        || field.kind() == Optional.class
                        || field.kind() == boolean.class;
        return hasEmpty && !vital.contains(field.path());
    }

    private static boolean isCollection(Class<?> kind) {
        return kind == List.class || kind == Set.class;
    }

    private static JsonNode emptyOf(ObjectMapper mapper, Field field) {
        if (field.kind() == boolean.class) {
            return mapper.getNodeFactory().booleanNode(false);
        }
        if (field.kind() == Optional.class) {
            return mapper.getNodeFactory().nullNode();
        }
        return field.kind() == Map.class ? mapper.createObjectNode() : mapper.createArrayNode();
    }

    private void walk(Object value, JsonNode node, String path) {
        switch (value) {
            case Record record -> walkFields(record, (ObjectNode) node, path);
            case Optional<?> optional -> optional.ifPresent(inner -> walk(inner, node, path));
            case List<?> list -> {
                Iterator<JsonNode> nodes = node.iterator();
                list.forEach(each -> walk(each, nodes.next(), path));
            }
            default -> {}
        }
    }

    private void walkFields(Record record, ObjectNode node, String path) {
        for (RecordComponent component : record.getClass().getRecordComponents()) {
            String name = component.getName();
            Class<?> kind = component.getType();
            // Whether 0 makes sense is for each record to say.
            if (!kind.isPrimitive() || kind == boolean.class) {
                fields.add(new Field(path + name, node, name, kind));
            }
            walk(get(record, component.getAccessor()), node.path(name), path + name + ".");
        }
    }

    private static Object get(Record record, Method accessor) {
        try {
            accessor.setAccessible(true);
            return accessor.invoke(record);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }
}
