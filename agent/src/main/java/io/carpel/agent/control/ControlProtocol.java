package io.carpel.agent.control;

import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;

/// The service `carpel.v1.Images`: one request, a stream of [Step]s, the last of which is a result.
/// Client and agent come from the same build, so the messages have no version.
public final class ControlProtocol {
    public static final String SERVICE = "carpel.v1.Images";

    /// @param reference in any form but an id
    public record Pull(String reference) {}

    /// @param path absolute: an archive, or the directory of an OCI layout
    public record Import(String path) {}

    /// @param references any form
    /// @param path absolute, must not exist
    /// @param format `oci`, `oci-dir` or `docker`
    public record Export(List<String> references, String path, String format) {
        public Export {
            references = List.copyOf(references);
        }
    }

    /// What an [Step] tells.
    public enum Kind {
        /// The manifest is known: `total` bytes in `layers` layers.
        RESOLVED,
        /// `done` of `total` bytes of the layer `subject` have come.
        DOWNLOADED,
        UNPACKED,
        PRESENT,
        /// The transfer of `subject` begins anew; `text` says why.
        RETRYING,
        /// The end: `subject` is an image, `names` are its names. Once per image.
        RESULT
    }

    /// One step.
    public record Step(
            Kind kind,
            String subject,
            int layers,
            long done,
            long total,
            String text,
            List<String> names) {
        public Step {
            names = List.copyOf(names);
        }

        static Step of(Kind kind, String subject) {
            return new Step(kind, subject, 0, 0, 0, "", List.of());
        }
    }

    public static final MethodDescriptor<Pull, Step> PULL = method("Pull", Pull.class);
    public static final MethodDescriptor<Import, Step> IMPORT = method("Import", Import.class);
    public static final MethodDescriptor<Export, Step> EXPORT = method("Export", Export.class);

    private ControlProtocol() {}

    private static <T> MethodDescriptor<T, Step> method(String name, Class<T> request) {
        return MethodDescriptor.<T, Step>newBuilder()
                .setType(MethodType.SERVER_STREAMING)
                .setFullMethodName(MethodDescriptor.generateFullMethodName(SERVICE, name))
                .setRequestMarshaller(new Json<>(request))
                .setResponseMarshaller(new Json<>(Step.class))
                .build();
    }

    /// A message as JSON.
    record Json<T>(Class<T> type) implements MethodDescriptor.Marshaller<T> {
        @Override
        public InputStream stream(T value) {
            return new ByteArrayInputStream(JsonMapper.shared().writeValueAsBytes(value));
        }

        @Override
        public T parse(InputStream stream) {
            return JsonMapper.shared().readValue(stream, type);
        }
    }
}
