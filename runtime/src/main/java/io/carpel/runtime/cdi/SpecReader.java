package io.carpel.runtime.cdi;

import io.carpel.runtime.spec.Printable;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/// Reads a specification in the format of the Container Device Interface.
final class SpecReader {
    /// The versions there are, oldest first.
    private static final List<String> VERSIONS =
            List.of(
                    "0.1.0", "0.2.0", "0.3.0", "0.4.0", "0.5.0", "0.6.0", "0.7.0", "0.8.0", "1.0.0",
                    "1.1.0");

    /// Letters and digits at both ends. A dot in a class and a digit in front of a device's name
    /// came with later versions, which [#checkVersion] sees to.
    private static final Pattern KIND =
            Pattern.compile(
                    "[A-Za-z]([A-Za-z0-9_.-]*[A-Za-z0-9])?/[A-Za-z]([A-Za-z0-9_.-]*[A-Za-z0-9])?");

    private static final Pattern DEVICE =
            Pattern.compile("[A-Za-z0-9]([A-Za-z0-9_.:-]*[A-Za-z0-9])?");

    private final Path file;
    private String version = "";

    private SpecReader(Path file) {
        this.file = file;
    }

    /// @throws SpecException when it is not valid as a whole
    static DeviceFile read(Path file, JsonNode root) throws SpecException {
        return new SpecReader(file).read(root);
    }

    private DeviceFile read(JsonNode root) throws SpecException {
        Fields top =
                new Fields(
                        "",
                        root,
                        Set.of("cdiVersion", "kind", "annotations", "devices", "containerEdits"));
        version = top.text("cdiVersion");
        if (!VERSIONS.contains(version)) {
            throw top.wrong("cdiVersion", version, "is none of " + String.join(", ", VERSIONS));
        }
        String kind = top.text("kind", KIND, "like vendor.com/class");
        if (kind.substring(kind.indexOf('/')).contains(".")) {
            since("0.6.0", "a dot in the class of kind '%s'".formatted(kind));
        }
        if (top.has("annotations")) {
            since("0.6.0", "annotations");
        }
        Map<String, CdiEdits> devices = new LinkedHashMap<>();
        int number = 0;
        for (JsonNode node : top.list("devices")) {
            device("devices[%d]".formatted(number++), node, devices);
        }
        if (devices.isEmpty()) {
            throw new SpecException("devices is empty");
        }
        CdiEdits common =
                top.has("containerEdits")
                        ? edits("containerEdits", top.child("containerEdits"))
                        : CdiEdits.NONE;
        return new DeviceFile(file, kind, devices, common);
    }

    private void device(String where, JsonNode node, Map<String, CdiEdits> devices)
            throws SpecException {
        Fields fields = new Fields(where, node, Set.of("name", "annotations", "containerEdits"));
        String name = fields.text("name", DEVICE, "a device's name");
        if (Character.isDigit(name.charAt(0))) {
            since("0.5.0", "a digit in front of device name '%s'".formatted(name));
        }
        if (fields.has("annotations")) {
            since("0.6.0", fields.at("annotations"));
        }
        CdiEdits edits = edits(fields.at("containerEdits"), fields.child("containerEdits"));
        if (edits.isEmpty()) {
            throw new SpecException(fields.at("containerEdits") + " is empty");
        }
        if (devices.putIfAbsent(name, edits) != null) {
            throw fields.wrong("name", name, "is there twice");
        }
    }

    private CdiEdits edits(String where, JsonNode node) throws SpecException {
        return new EditsReader(this::since).read(where, node);
    }

    /// A file must not use what its version did not have yet.
    private void since(String needed, String what) throws SpecException {
        if (VERSIONS.indexOf(version) < VERSIONS.indexOf(needed)) {
            throw new SpecException(
                    "%s needs cdiVersion %s, the file has %s"
                            .formatted(Printable.of(what), needed, version));
        }
    }

    /// Whether a text is a device's full name: `vendor/class=name`.
    static boolean isQualified(String name) {
        int equals = name.indexOf('=');
        return equals > 0
                && KIND.matcher(name.substring(0, equals)).matches()
                && DEVICE.matcher(name.substring(equals + 1)).matches();
    }
}
