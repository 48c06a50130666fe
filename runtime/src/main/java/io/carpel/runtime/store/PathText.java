package io.carpel.runtime.store;

import java.net.URI;
import java.nio.file.Path;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.JacksonModule;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.deser.std.StdDeserializer;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.ser.std.StdSerializer;

/// Paths in records, as they are.
///
/// Jackson's own way writes a URI, and [Path#toUri] looks at the file to see whether it is a
/// directory: with a path on a dead file server that look never ends.
final class PathText {
    private PathText() {}

    static JacksonModule module() {
        SimpleModule module = new SimpleModule("paths");
        module.addSerializer(Path.class, new Writer());
        module.addDeserializer(Path.class, new Reader());
        return module;
    }

    private static final class Writer extends StdSerializer<Path> {
        Writer() {
            super(Path.class);
        }

        @Override
        public void serialize(Path value, JsonGenerator out, SerializationContext context) {
            out.writeString(value.toString());
        }
    }

    private static final class Reader extends StdDeserializer<Path> {
        Reader() {
            super(Path.class);
        }

        @Override
        public Path deserialize(JsonParser in, DeserializationContext context) {
            String text = in.getValueAsString("");
            // Records of earlier builds hold URIs.
            return text.startsWith("file:///") ? Path.of(URI.create(text)) : Path.of(text);
        }
    }
}
