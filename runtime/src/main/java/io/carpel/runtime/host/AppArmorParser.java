package io.carpel.runtime.host;

import io.carpel.runtime.security.ProfileLoader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// Loads AppArmor profiles by the distribution's `apparmor_parser`, which alone speaks the kernel's
/// binary form of them.
public final class AppArmorParser implements ProfileLoader {
    private static final List<Path> PLACES =
            List.of(Path.of("/usr/sbin"), Path.of("/sbin"), Path.of("/usr/bin"));
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int SHOWN_BYTES = 500;

    private final List<Path> places;

    AppArmorParser(List<Path> places) {
        this.places = List.copyOf(places);
    }

    /// This host's.
    public static AppArmorParser host() {
        return new AppArmorParser(PLACES);
    }

    /// Where it is, if it is installed.
    Optional<Path> program() {
        return places.stream()
                .map(place -> place.resolve("apparmor_parser"))
                .filter(Files::isExecutable)
                .findFirst();
    }

    @Override
    public void load(String text) throws IOException {
        Path program =
                program()
                        .orElseThrow(() ->
                                new IOException(
                                        "apparmor_parser is not installed, it loads profiles"));
        ProcessBuilder command =
                new ProcessBuilder(program.toString(), "--replace", "--skip-cache")
                        .redirectErrorStream(true);
        command.environment().clear();
        run(command.start(), text);
    }

    private static void run(Process parser, String text) throws IOException {
        // Its end is the end of the pipes, whatever it was doing.
        var _ =
                parser.onExit()
                        .orTimeout(LIMIT.toSeconds(), TimeUnit.SECONDS)
                        .exceptionally(_ -> {
                            parser.toHandle().destroyForcibly();
                            return parser;
                        });
        String said;
        try (var out = parser.getInputStream()) {
            feed(parser, text);
            said = new String(out.readNBytes(SHOWN_BYTES), StandardCharsets.UTF_8);
            out.transferTo(OutputStream.nullOutputStream());
        }
        int code = parser.onExit().join().exitValue();
        if (code != 0) {
            throw new IOException(
                    "apparmor_parser ended with %d: %s"
                            .formatted(code, said.replaceAll("\\s+", " ").strip()));
        }
    }

    private static void feed(Process parser, String text) {
        try (var in = parser.getOutputStream()) {
            in.write(text.getBytes(StandardCharsets.UTF_8));
        } catch (IOException _) {
            // It ended before it had read everything: what it said and its code tell why.
        }
    }
}
