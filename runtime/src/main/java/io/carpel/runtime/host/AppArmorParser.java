package io.carpel.runtime.host;

import io.carpel.runtime.error.CancelledException;
import io.carpel.runtime.error.DeadlineExceededException;
import io.carpel.runtime.launch.HostProgram;
import io.carpel.runtime.security.ProfileLoader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Loads AppArmor profiles by the distribution's `apparmor_parser`, which alone speaks the kernel's
/// binary form of them.
public final class AppArmorParser implements ProfileLoader {
    private static final List<Path> PLACES =
            List.of(Path.of("/usr/sbin"), Path.of("/sbin"), Path.of("/usr/bin"));
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int SHOWN = 500;

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
        HostProgram.Output parser;
        try {
            parser =
                    HostProgram.run(
                            List.of(program.toString(), "--replace", "--skip-cache"),
                            Map.of(),
                            text.getBytes(StandardCharsets.UTF_8),
                            LIMIT);
        } catch (DeadlineExceededException | CancelledException e) {
            throw new IOException("apparmor_parser " + e.getMessage(), e);
        }
        if (parser.exitCode() != 0) {
            throw new IOException(
                    "apparmor_parser ended with %d: %s".formatted(parser.exitCode(), said(parser)));
        }
    }

    private static String said(HostProgram.Output parser) {
        String stdout = new String(parser.stdout().toArray(), StandardCharsets.UTF_8);
        String line = (stdout + " " + parser.stderr()).replaceAll("\\s+", " ").strip();
        return line.length() > SHOWN ? line.substring(0, SHOWN) : line;
    }
}
