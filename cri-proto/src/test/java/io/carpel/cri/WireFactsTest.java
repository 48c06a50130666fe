package io.carpel.cri;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/// The compiled protocol against `cri-v1.json`, the recorded facts of the release the README names:
/// every service, method, message, field, number, type and option, none missing and none added.
final class WireFactsTest {
    private static JsonNode facts;
    private static final Set<FileDescriptor> FILES = new LinkedHashSet<>();

    @BeforeAll
    static void read() throws IOException {
        try (InputStream in = WireFactsTest.class.getResourceAsStream("cri-v1.json")) {
            facts = new ObjectMapper().readTree(in);
        }
        collect(ApiProto.getDescriptor());
    }

    private static void collect(FileDescriptor file) {
        if (FILES.add(file)) {
            file.getDependencies().forEach(WireFactsTest::collect);
        }
    }

    @Test
    void everyFileIsOfTheRecordedPackage() {
        assertThat(FILES)
                .allSatisfy(file ->
                        assertThat(file.getPackage()).isEqualTo(facts.get("package").asString()));
    }

    @Test
    void methodsAreTheRecordedOnes() {
        Map<String, String> recorded = new TreeMap<>();
        for (JsonNode service : facts.get("services")) {
            for (JsonNode rpc : service.get("rpcs")) {
                recorded.put(
                        service.get("name").asString() + "/" + rpc.get("name").asString(),
                        call(
                                rpc.get("request").asString(),
                                rpc.get("client_streaming").asBoolean(),
                                rpc.get("response").asString(),
                                rpc.get("server_streaming").asBoolean()));
            }
        }
        Map<String, String> compiled = new TreeMap<>();
        for (FileDescriptor file : FILES) {
            for (var service : file.getServices()) {
                for (MethodDescriptor rpc : service.getMethods()) {
                    compiled.put(
                            service.getName() + "/" + rpc.getName(),
                            call(
                                    rpc.getInputType().getName(),
                                    rpc.isClientStreaming(),
                                    rpc.getOutputType().getName(),
                                    rpc.isServerStreaming()));
                }
            }
        }
        assertThat(recorded).hasSize(43);
        assertThat(compiled).isEqualTo(recorded);
    }

    private static String call(String in, boolean manyIn, String out, boolean manyOut) {
        return (manyIn ? "stream " : "") + in + " -> " + (manyOut ? "stream " : "") + out;
    }

    @Test
    void enumsAreTheRecordedOnes() {
        Map<String, Map<Integer, String>> recorded = new TreeMap<>();
        for (JsonNode type : facts.get("enums")) {
            Map<Integer, String> values = new TreeMap<>();
            type.get("values").forEach(v -> values.put(v.get("number").asInt(), name(v)));
            recorded.put(name(type), values);
        }
        Map<String, Map<Integer, String>> compiled = new TreeMap<>();
        for (FileDescriptor file : FILES) {
            file.getEnumTypes().forEach(type -> add(compiled, type));
            file.getMessageTypes()
                    .forEach(
                            message -> message.getEnumTypes().forEach(type -> add(compiled, type)));
        }
        assertThat(recorded).hasSize(11);
        assertThat(compiled).isEqualTo(recorded);
    }

    private static void add(Map<String, Map<Integer, String>> compiled, EnumDescriptor type) {
        Map<Integer, String> values = new TreeMap<>();
        type.getValues().forEach(value -> values.put(value.getNumber(), value.getName()));
        compiled.put(withoutPackage(type.getFullName()), values);
    }

    @Test
    void messagesAreTheRecordedOnes() {
        Map<String, Map<Integer, String>> recorded = new TreeMap<>();
        for (JsonNode message : facts.get("messages")) {
            Map<Integer, String> fields = new TreeMap<>();
            for (JsonNode field : message.get("fields")) {
                fields.put(
                        field.get("number").asInt(),
                        field(
                                name(field),
                                field.get("label").asString() + " " + field.get("type").asString(),
                                field.path("deprecated").asBoolean(false),
                                field.path("debug_redact").asBoolean(false)));
            }
            recorded.put(name(message), fields);
        }
        Map<String, Map<Integer, String>> compiled = new TreeMap<>();
        for (FileDescriptor file : FILES) {
            for (Descriptor message : file.getMessageTypes()) {
                Map<Integer, String> fields = new TreeMap<>();
                for (FieldDescriptor field : message.getFields()) {
                    fields.put(
                            field.getNumber(),
                            field(
                                    field.getName(),
                                    label(field),
                                    field.getOptions().getDeprecated(),
                                    field.getOptions().getDebugRedact()));
                }
                compiled.put(withoutPackage(message.getFullName()), fields);
            }
        }
        assertThat(recorded).hasSize(175);
        assertThat(compiled).isEqualTo(recorded);
    }

    private static String field(String name, String type, boolean deprecated, boolean redacted) {
        return name
                + ": "
                + type
                + (deprecated ? " deprecated" : "")
                + (redacted ? " redacted" : "");
    }

    private static String label(FieldDescriptor field) {
        if (field.isMapField()) {
            var entry = field.getMessageType();
            return "map map<%s,%s>"
                    .formatted(type(entry.findFieldByNumber(1)), type(entry.findFieldByNumber(2)));
        }
        FieldDescriptorProto proto = field.toProto();
        String label =
                field.isRepeated()
                        ? "repeated"
                        : proto.getProto3Optional()
                                ? "optional"
                                : proto.hasOneofIndex() ? "oneof" : "singular";
        return label + " " + type(field);
    }

    private static String type(FieldDescriptor field) {
        return switch (field.getJavaType()) {
            case MESSAGE -> withoutPackage(field.getMessageType().getFullName());
            case ENUM -> withoutPackage(field.getEnumType().getFullName());
            default -> field.getType().name().toLowerCase(Locale.ROOT);
        };
    }

    private static String withoutPackage(String fullName) {
        return fullName.substring("runtime.v1.".length());
    }

    private static String name(JsonNode node) {
        return node.get("name").asString();
    }
}
