package io.carpel.runtime.image.registry;

import io.carpel.runtime.error.DeadlineExceededException;
import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.UnavailableException;
import io.carpel.runtime.image.content.Json;
import io.carpel.runtime.launch.HostProgram;
import io.carpel.runtime.spec.Printable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/// Asks programs named `docker-credential-NAME` for logins, as docker and containers-common have
/// it: `get` as the only argument, the registry on standard input, a JSON object as the answer.
///
/// They run with root's rights and the agent's environment, where the tools of clouds look for what
/// they need. What they print when they fail is told, what they answer is not.
final class CredentialHelper {
    /// A helper asks a cloud's token service, or a daemon on this host.
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");
    private static final String NOTHING = "credentials not found";
    private static final int TOLD = 300;

    /// What is meant for the agent alone.
    private static final List<String> OWN =
            List.of("NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC");

    private final List<Path> directories;
    private final Map<String, String> environment;
    private final Duration limit;

    /// @param directories where helpers are looked for, in this order
    CredentialHelper(List<Path> directories, Map<String, String> environment, Duration limit) {
        this.directories = List.copyOf(directories);
        this.environment = new HashMap<>(environment);
        OWN.forEach(this.environment::remove);
        this.limit = limit;
    }

    /// Helpers of this host: those on the agent's own `PATH`.
    static CredentialHelper host() {
        Map<String, String> environment = System.getenv();
        String path = environment.getOrDefault("PATH", "/usr/local/bin:/usr/bin:/bin");
        List<Path> directories =
                List.of(path.split(":", -1)).stream()
                        .filter(each -> each.startsWith("/"))
                        .map(Path::of)
                        .toList();
        return new CredentialHelper(directories, environment, LIMIT);
    }

    /// The login it has for the registry; empty when it says that it has none.
    ///
    /// @param source the file that names the helper, for messages
    /// @param registry as the file calls it
    /// @throws FailedPreconditionException when it is absent, or fails
    Optional<Login> get(Path source, String name, String registry) {
        String what =
                "credential helper '%s' for %s (named by %s)"
                        .formatted(Printable.of(name), Printable.of(registry), source);
        Path program = find(name, what);
        HostProgram.Output output;
        try {
            output =
                    HostProgram.run(
                            List.of(program.toString(), "get"),
                            environment,
                            registry.getBytes(StandardCharsets.UTF_8),
                            limit);
        } catch (IOException e) {
            throw new FailedPreconditionException(
                    "%s cannot be run: %s".formatted(what, e.getMessage()), e);
        } catch (DeadlineExceededException e) {
            throw new UnavailableException("%s %s".formatted(what, e.getMessage()), e);
        }
        String text = new String(output.stdout().toArray(), StandardCharsets.UTF_8).strip();
        if (output.exitCode() == 0) {
            return Optional.of(login(text, what));
        }
        // Told by standard output, and by exit 1 like any other failure.
        if (text.contains(NOTHING) || output.stderr().contains(NOTHING)) {
            return Optional.empty();
        }
        throw new FailedPreconditionException(
                "%s ended with %d%s%s"
                        .formatted(
                                what,
                                output.exitCode(),
                                text.isEmpty() ? "" : ": " + Printable.of(beginning(text)),
                                HostProgram.said(Printable.of(beginning(output.stderr())))));
    }

    private Path find(String name, String what) {
        if (!NAME.matcher(name).matches()) {
            throw new FailedPreconditionException(what + ": that cannot be a helper's name");
        }
        String program = "docker-credential-" + name;
        return directories.stream()
                .map(directory -> directory.resolve(program))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() ->
                        new FailedPreconditionException(
                                "%s: no program %s in any of %s"
                                        .formatted(what, program, directories)));
    }

    private static Login login(String text, String what) {
        JsonNode answer;
        try {
            answer = Json.read(text.getBytes(StandardCharsets.UTF_8));
        } catch (JacksonException _) {
            // Neither the text nor the parser's message may be told: they hold the secret.
            throw new FailedPreconditionException(what + " answered no JSON");
        }
        String user = answer.path("Username").asString("");
        String secret = answer.path("Secret").asString("");
        if (secret.isEmpty()) {
            throw new FailedPreconditionException(what + " answered without a Secret");
        }
        return user.equals("<token>") ? new Login.Identity(secret) : new Login.Basic(user, secret);
    }

    private static String beginning(String text) {
        return text.length() > TOLD ? text.substring(0, TOLD) + "…" : text;
    }
}
