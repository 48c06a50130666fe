package io.carpel.runtime.cdi;

import io.carpel.runtime.spec.DeviceSpec;
import io.carpel.runtime.spec.DeviceSpec.Node;
import io.carpel.runtime.spec.EnvVar;
import io.carpel.runtime.spec.MountSpec;
import io.carpel.runtime.spec.MountSpec.Propagation;
import io.carpel.runtime.spec.Printable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/// Reads `containerEdits`. What cannot be done is checked for its form and remembered by name.
final class EditsReader {
    private static final Pattern PERMISSIONS = Pattern.compile("[rwm]{0,3}|none");
    private static final Pattern KIND = Pattern.compile("[bcup]?");
    private static final long MAX_MODE = 07777;

    /// Fails when the file's version is older than what a field needs.
    interface VersionCheck {
        void since(String version, String what) throws SpecException;
    }

    private final VersionCheck version;
    private final List<EnvVar> env = new ArrayList<>();
    private final List<DeviceSpec> devices = new ArrayList<>();
    private final List<MountSpec> mounts = new ArrayList<>();
    private final List<Long> groups = new ArrayList<>();
    private final List<String> refused = new ArrayList<>();

    EditsReader(VersionCheck version) {
        this.version = version;
    }

    CdiEdits read(String where, JsonNode node) throws SpecException {
        Fields fields =
                new Fields(
                        where,
                        node,
                        Set.of(
                                "env",
                                "deviceNodes",
                                "netDevices",
                                "hooks",
                                "mounts",
                                "intelRdt",
                                "additionalGids"));
        for (JsonNode variable : fields.list("env")) {
            variable(fields, variable);
        }
        int number = 0;
        for (JsonNode device : fields.list("deviceNodes")) {
            device(fields.at("deviceNodes[%d]".formatted(number++)), device);
        }
        number = 0;
        for (JsonNode mount : fields.list("mounts")) {
            mount(fields.at("mounts[%d]".formatted(number++)), mount);
        }
        for (JsonNode group : fields.list("additionalGids")) {
            version.since("0.7.0", "additionalGids");
            group(fields, group);
        }
        number = 0;
        for (JsonNode hook : fields.list("hooks")) {
            hook(fields.at("hooks[%d]".formatted(number++)), hook);
        }
        if (!fields.list("netDevices").isEmpty()) {
            version.since("1.1.0", "netDevices");
            refused.add("network devices");
        }
        if (fields.has("intelRdt")) {
            version.since("0.7.0", "intelRdt");
            refused.add("Intel RDT");
        }
        return new CdiEdits(env, devices, mounts, groups, refused);
    }

    private void variable(Fields fields, JsonNode variable) throws SpecException {
        String text = variable.isString() ? variable.stringValue() : "";
        int equals = text.indexOf('=');
        if (equals < 1 || text.indexOf('\0') >= 0) {
            // Its value may be secret: only the name is shown.
            throw fields.wrong(
                    "env", text.substring(0, Math.max(0, equals)), "is not like NAME=value");
        }
        env.add(EnvVar.of(text.substring(0, equals), text.substring(equals + 1)));
    }

    private void group(Fields fields, JsonNode group) throws SpecException {
        boolean fine = group.isIntegralNumber() && group.asLong(-1) >= 0;
        if (!fine || group.asLong(-1) > Integer.MAX_VALUE) {
            throw fields.wrong("additionalGids", group.toString(), "is not a group");
        }
        // The specification wants 0 to be passed over.
        if (group.asLong() > 0) {
            groups.add(group.asLong());
        }
    }

    private void device(String where, JsonNode node) throws SpecException {
        Fields fields =
                new Fields(
                        where,
                        node,
                        Set.of(
                                "path",
                                "hostPath",
                                "type",
                                "major",
                                "minor",
                                "fileMode",
                                "permissions",
                                "uid",
                                "gid"));
        String path = fields.absolutePath("path");
        String hostPath = path;
        if (fields.has("hostPath")) {
            version.since("0.5.0", fields.at("hostPath"));
            hostPath = fields.absolutePath("hostPath");
        }
        String kind = fields.text("type", KIND, "one of b, c, u, p");
        if (kind.equals("p")) {
            refused.add("the named pipe " + Printable.of(path));
        }
        Optional<Long> mode = fields.number("fileMode");
        if (mode.isPresent() && mode.get() > MAX_MODE) {
            throw fields.wrong("fileMode", mode.get().toString(), "is more than permissions");
        }
        devices.add(
                new DeviceSpec(
                        hostPath,
                        path,
                        fields.text("permissions", PERMISSIONS, "made of r, w and m, or none"),
                        Optional.of(
                                new Node(
                                        kind.equals("u") ? "c" : kind,
                                        fields.number("major"),
                                        fields.number("minor"),
                                        mode,
                                        fields.number("uid"),
                                        fields.number("gid")))));
    }

    private void mount(String where, JsonNode node) throws SpecException {
        Fields fields =
                new Fields(where, node, Set.of("hostPath", "containerPath", "options", "type"));
        if (fields.has("type")) {
            version.since("0.4.0", fields.at("type"));
            String type = fields.text("type");
            if (!type.isEmpty() && !type.equals("bind") && !type.equals("none")) {
                refused.add("a mount of type " + Printable.of(type));
            }
        }
        boolean readonly = false;
        Propagation propagation = Propagation.PRIVATE;
        List<String> options = new ArrayList<>();
        for (JsonNode option : fields.list("options")) {
            String word = option.isString() ? option.stringValue() : option.toString();
            switch (word) {
                case "ro" -> readonly = true;
                case "rw", "bind", "rbind" -> {}
                case "nosuid", "nodev", "noexec" -> options.add(word);
                case "private", "rprivate" -> propagation = Propagation.PRIVATE;
                case "slave", "rslave" -> propagation = Propagation.HOST_TO_CONTAINER;
                case "shared", "rshared" -> propagation = Propagation.BIDIRECTIONAL;
                default -> refused.add("mount option " + Printable.of(word));
            }
        }
        mounts.add(
                new MountSpec(
                        fields.absolutePath("hostPath"),
                        fields.absolutePath("containerPath"),
                        readonly,
                        false,
                        propagation,
                        options.stream().distinct().toList(),
                        List.of(),
                        List.of(),
                        Optional.empty(),
                        "",
                        false));
    }

    private void hook(String where, JsonNode node) throws SpecException {
        Fields fields =
                new Fields(where, node, Set.of("hookName", "path", "args", "env", "timeout"));
        refused.add(
                "the %s hook %s"
                        .formatted(
                                Printable.of(fields.text("hookName")),
                                Printable.of(fields.absolutePath("path"))));
    }
}
