package io.carpel.runtime.image;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What an image says about the process to run; the `config` object of its configuration blob.
///
/// @param env `NAME=value` lines in the image's order
/// @param user as written in the image: `user`, `uid`, `user:group`…; empty when absent
/// @param workingDir empty when absent
/// @param stopSignal empty when absent
/// @param volumes destinations of anonymous volumes
/// @param exposedPorts such as `80/tcp`
/// @param architecture in Go's spelling, `amd64`
public record ImageConfig(
        List<String> entrypoint,
        List<String> cmd,
        List<String> env,
        String user,
        String workingDir,
        String stopSignal,
        Map<String, String> labels,
        List<String> volumes,
        List<String> exposedPorts,
        String architecture,
        String os,
        Optional<Instant> created) {
    public ImageConfig {
        entrypoint = List.copyOf(entrypoint);
        cmd = List.copyOf(cmd);
        env = List.copyOf(env);
        labels = Map.copyOf(labels);
        volumes = List.copyOf(volumes);
        exposedPorts = List.copyOf(exposedPorts);
    }
}
