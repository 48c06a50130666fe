package io.carpel.runtime.network.cni;

import io.carpel.runtime.error.CancelledException;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.DeadlineExceededException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.error.UnavailableException;
import io.carpel.runtime.error.UnsupportedException;
import io.carpel.runtime.launch.HostProgram;
import io.carpel.runtime.launch.HostProgram.Output;
import io.carpel.runtime.spec.Printable;
import io.carpel.runtime.work.WorkBoard;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.MissingNode;
import tools.jackson.databind.node.ObjectNode;

/// Finds plugins' programs and speaks the plugin protocol with them.
final class CniPlugins {
    /// Codes of the specification after which a retry may work: 11 "try again later", 50 and 51 of
    /// STATUS "not available" and "limited connectivity".
    private static final List<Integer> RETRY_CODES = List.of(11, 50, 51);

    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    private final CniConfig config;
    private final Map<Path, Probed> probed = new ConcurrentHashMap<>();

    CniPlugins(CniConfig config) {
        this.config = config;
    }

    private record Probed(FileTime modified, List<String> versions) {}

    /// One call of one plugin.
    ///
    /// @param command `CNI_COMMAND`
    /// @param environment the other `CNI_*` variables of this call
    /// @param input the plugin's configuration as it is to see it
    record Call(
            String type,
            String command,
            CniVersion version,
            Map<String, String> environment,
            ObjectNode input) {}

    /// The first program of this name in the plugin directories.
    Optional<Path> find(String type) {
        return config.pluginDirectories().stream()
                .map(directory -> directory.resolve(type))
                .filter(file -> Files.isRegularFile(file) && Files.isExecutable(file))
                .findFirst();
    }

    /// Makes sure that the plugin is there and speaks this version; asks it once per program file.
    void require(String type, CniVersion version) {
        List<String> versions = versions(type, program(type));
        if (!versions.contains(version.toString())) {
            throw new UnsupportedException(
                    "cni plugin %s does not speak version %s of the configuration, only %s"
                            .formatted(type, version, String.join(", ", versions)));
        }
    }

    private Path program(String type) {
        return find(type)
                .orElseThrow(() ->
                        new UnavailableException(
                                "cni plugin %s is not in %s".formatted(type, directories(", "))));
    }

    private String directories(String separator) {
        return config.pluginDirectories().stream()
                .map(Path::toString)
                .collect(Collectors.joining(separator));
    }

    private List<String> versions(String type, Path program) {
        try {
            FileTime modified = Files.getLastModifiedTime(program);
            Probed known = probed.get(program);
            if (known != null && known.modified().equals(modified)) {
                return known.versions();
            }
            var input = MAPPER.createObjectNode().put("cniVersion", CniVersion.V1_0_0.toString());
            var call = new Call(type, "VERSION", CniVersion.V1_0_0, Map.of(), input);
            JsonNode answer = MAPPER.readTree(run(call));
            var versions =
                    answer.path("supportedVersions").values().stream()
                            .map(version -> version.asString(""))
                            .toList();
            probed.put(program, new Probed(modified, versions));
            return versions;
        } catch (JacksonException | IOException e) {
            throw new KernelFaultException(
                    "cni plugin %s (VERSION): %s".formatted(type, e.getMessage()), e);
        }
    }

    /// Runs the plugin.
    ///
    /// @return what it printed
    /// @throws ContainerRuntimeException naming plugin and command when it fails
    byte[] run(Call call) {
        Path program = program(call.type());
        Map<String, String> environment = new TreeMap<>(call.environment());
        environment.put("CNI_COMMAND", call.command());
        environment.put("CNI_PATH", directories(":"));
        String what = "cni plugin %s (%s)".formatted(call.type(), call.command());
        WorkBoard.part(what);
        try {
            Output output =
                    HostProgram.run(
                            List.of(program.toString()),
                            environment,
                            call.input().toString().getBytes(StandardCharsets.UTF_8),
                            config.timeout());
            if (output.exitCode() != 0) {
                throw failure(what, output);
            }
            if (output.stdoutCut()) {
                throw new KernelFaultException(what + " printed too much");
            }
            return output.stdout().toArray();
        } catch (IOException e) {
            throw new KernelFaultException("%s: %s".formatted(what, e.getMessage()), e);
        } catch (DeadlineExceededException e) {
            throw new DeadlineExceededException("%s %s".formatted(what, e.getMessage()), e);
        } catch (CancelledException e) {
            throw new CancelledException("%s: %s".formatted(what, e.getMessage()), e);
        }
    }

    private static ContainerRuntimeException failure(String what, Output output) {
        JsonNode error = MissingNode.getInstance();
        try {
            error = MAPPER.readTree(output.stdout().toArray());
        } catch (JacksonException _) {
            // It printed no error object: exit code and stderr must do.
        }
        if (!error.path("code").isInt()) {
            String stdout = new String(output.stdout().toArray(), StandardCharsets.UTF_8);
            return new KernelFaultException(
                    "%s failed with exit code %d and no error object%s%s"
                            .formatted(
                                    what,
                                    output.exitCode(),
                                    stdout.isBlank() ? "" : ", it printed: " + Printable.of(stdout),
                                    HostProgram.said(output.stderr())));
        }
        String details = error.path("details").asString("");
        String message =
                "%s failed: %s%s (code %d)%s"
                        .formatted(
                                what,
                                printable(error.path("msg").asString("")),
                                details.isEmpty() ? "" : "; " + printable(details),
                                error.path("code").intValue(),
                                HostProgram.said(output.stderr()));
        return RETRY_CODES.contains(error.path("code").intValue())
                ? new UnavailableException(message)
                : new KernelFaultException(message);
    }

    /// Longer than [Printable] allows: plugins wrap the errors of other plugins.
    private static String printable(String text) {
        String line = text.replaceAll("[\\p{Cntrl}\\s]+", " ").strip();
        return line.length() > 2000 ? line.substring(0, 2000) + "…" : line;
    }
}
