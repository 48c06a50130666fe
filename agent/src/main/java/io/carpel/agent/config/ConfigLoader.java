package io.carpel.agent.config;

import io.carpel.agent.config.AgentConfig.Setting;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.toml.TomlMapper;

/// Reads the sources of the configuration in the order of their weight. The first thing that is
/// wrong ends it: an agent never starts with an option it did not understand.
public final class ConfigLoader {
    /// The file that is read when none is named. It may be missing.
    public static final Path DEFAULT_FILE = Path.of("/etc/carpel/config.toml");

    /// A bound for what is read into memory; the commented default file has some 10 KiB.
    private static final long MAX_FILE_BYTES = 1 << 20;

    private final Map<ConfigKey<?>, Setting> settings = new LinkedHashMap<>();
    private final Map<String, Map<ConfigKey<?>, Setting>> handlers = new TreeMap<>();
    private final Map<String, String> environment;

    public ConfigLoader(Map<String, String> environment) {
        this.environment = environment;
        for (ConfigKey<?> key : ConfigKeys.ALL) {
            settings.put(key, new Setting(key.fallback(), "default"));
        }
    }

    /// Reads the default file and its drop-ins, both of which may be missing.
    ///
    /// @param flags flag (with its dashes) → value
    public AgentConfig load(Map<String, String> flags) {
        return load(DEFAULT_FILE, false, flags);
    }

    /// Reads a file that must exist, and its drop-ins: `<file>.d/*.toml`.
    public AgentConfig load(Path file, Map<String, String> flags) {
        return load(file, true, flags);
    }

    private AgentConfig load(Path file, boolean required, Map<String, String> flags) {
        if (required || Files.exists(file)) {
            readFile(file);
        }
        dropIns(file.resolveSibling(file.getFileName() + ".d")).forEach(this::readFile);
        for (ConfigKey<?> key : ConfigKeys.ALL) {
            key.variable().ifPresent(name -> readVariable(key, name));
        }
        flags.forEach(this::readFlag);
        return new AgentConfig(
                settings,
                handlers.entrySet().stream()
                        .map(entry -> new HandlerConfig(entry.getKey(), entry.getValue()))
                        .toList());
    }

    private static List<Path> dropIns(Path directory) {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.filter(path -> path.toString().endsWith(".toml")).sorted().toList();
        } catch (IOException e) {
            throw new ConfigException("cannot list " + directory + ": " + reason(e), e);
        }
    }

    private void readFile(Path file) {
        String text = readText(file);
        JsonNode root;
        try {
            root = TomlMapper.shared().readTree(text);
        } catch (JacksonException e) {
            throw new ConfigException(
                    "%s:%d: not valid TOML: %s".formatted(file, line(e), e.getOriginalMessage()),
                    e);
        }
        TomlLines lines = new TomlLines(text);
        for (var entry : root.properties()) {
            if (entry.getKey().equals(HandlerKeys.TABLE)) {
                readHandlers(file, lines, entry.getValue());
            } else if (entry.getValue().isObject() && isTable(entry.getKey())) {
                for (var inner : entry.getValue().properties()) {
                    readEntry(file, lines, entry.getKey() + "." + inner.getKey(), inner.getValue());
                }
            } else {
                readEntry(file, lines, entry.getKey(), entry.getValue());
            }
        }
    }

    /// The parser notices a duplicate only at the beginning of the line after it.
    private static int line(JacksonException e) {
        var at = e.getLocation();
        boolean after = at.getColumnNr() <= 1 && "Duplicate key".equals(e.getOriginalMessage());
        return after ? at.getLineNr() - 1 : at.getLineNr();
    }

    private static String readText(Path file) {
        try {
            if (Files.size(file) > MAX_FILE_BYTES) {
                throw new ConfigException(
                        "%s is larger than %d bytes".formatted(file, MAX_FILE_BYTES));
            }
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new ConfigException("cannot read " + file + ": " + reason(e), e);
        }
    }

    private static boolean isTable(String name) {
        return ConfigKeys.ALL.stream().anyMatch(key -> key.table().equals(name));
    }

    private void readEntry(Path file, TomlLines lines, String name, JsonNode value) {
        String origin = file + ":" + lines.of(name);
        ConfigKey<?> key =
                ConfigKeys.ALL.stream()
                        .filter(candidate -> candidate.name().equals(name))
                        .findFirst()
                        .orElseThrow(() -> unknown(origin, name));
        set(key, origin, value.toString(), () -> key.type().node().apply(value));
    }

    private void readHandlers(Path file, TomlLines lines, JsonNode tables) {
        if (!tables.isObject()) {
            throw new ConfigException(
                    "%s:%d: %s: wanted tables [%s.NAME], one for each handler"
                            .formatted(
                                    file,
                                    lines.of(HandlerKeys.TABLE),
                                    HandlerKeys.TABLE,
                                    HandlerKeys.TABLE));
        }
        for (var table : tables.properties()) {
            String path = HandlerKeys.TABLE + "." + table.getKey();
            String origin = file + ":" + lines.of(path);
            if (!table.getValue().isObject()) {
                throw new ConfigException(
                        "%s: %s: wanted a table [%s]".formatted(origin, path, path));
            }
            if (!table.getKey().matches(HandlerKeys.NAME)) {
                throw new ConfigException(
                        "%s: handler '%s': a name is 1 to 63 lower-case letters, digits and inner '-'"
                                .formatted(origin, table.getKey()));
            }
            Map<ConfigKey<?>, Setting> own =
                    handlers.computeIfAbsent(table.getKey(), _ -> new LinkedHashMap<>());
            for (var inner : table.getValue().properties()) {
                readHandlerEntry(
                        own,
                        file + ":" + lines.of(path + "." + inner.getKey()),
                        path + "." + inner.getKey(),
                        inner.getValue());
            }
        }
    }

    private static void readHandlerEntry(
            Map<ConfigKey<?>, Setting> own, String origin, String path, JsonNode value) {
        String leaf = path.substring(path.lastIndexOf('.') + 1);
        ConfigKey<?> key =
                HandlerKeys.ALL.stream()
                        .filter(candidate -> candidate.leaf().equals(leaf))
                        .findFirst()
                        .orElseThrow(() ->
                                new ConfigException(
                                        "%s: unknown key '%s'%s"
                                                .formatted(
                                                        origin,
                                                        path,
                                                        NameSuggestion.hint(
                                                                leaf,
                                                                HandlerKeys.ALL.stream()
                                                                        .<String>map(
                                                                                ConfigKey::leaf)
                                                                        .toList()))));
        try {
            own.put(key, new Setting(key.type().node().apply(value), origin));
        } catch (ConfigType.BadValue e) {
            throw new ConfigException(
                    "%s: %s = %s: %s".formatted(origin, path, value, e.getMessage()), e);
        }
    }

    private static ConfigException unknown(String origin, String name) {
        List<String> names = ConfigKeys.ALL.stream().<String>map(ConfigKey::name).toList();
        return new ConfigException(
                "%s: unknown key '%s'%s".formatted(origin, name, NameSuggestion.hint(name, names)));
    }

    private void readVariable(ConfigKey<?> key, String name) {
        String value = environment.getOrDefault(name, "");
        if (!value.isEmpty()) {
            set(key, "$" + name, '"' + value + '"', () -> key.type().text().apply(value));
        }
    }

    private void readFlag(String flag, String value) {
        ConfigKey<?> key =
                ConfigKeys.ALL.stream()
                        .filter(candidate -> candidate.flag().equals(flag))
                        .findFirst()
                        .orElseThrow(() -> new ConfigException("unknown flag " + flag));
        set(key, flag, '"' + value + '"', () -> key.type().text().apply(value));
    }

    private void set(ConfigKey<?> key, String origin, String shown, Supplier<?> value) {
        try {
            settings.put(key, new Setting(value.get(), origin));
        } catch (ConfigType.BadValue e) {
            throw new ConfigException(
                    "%s: %s = %s: %s".formatted(origin, key.name(), shown, e.getMessage()), e);
        }
    }

    private static String reason(IOException e) {
        return switch (e) {
            case java.nio.file.NoSuchFileException _ -> "no such file";
            case java.nio.file.AccessDeniedException _ -> "permission denied";
            default -> String.valueOf(e.getMessage());
        };
    }
}
