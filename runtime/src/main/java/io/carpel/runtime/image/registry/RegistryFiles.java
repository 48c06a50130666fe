package io.carpel.runtime.image.registry;

import io.carpel.runtime.error.FailedPreconditionException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Looks at the files by which a host's pulls go, before a pull fails for one of them. They are
/// read anew for each pull.
public final class RegistryFiles {
    private final List<String> problems = new ArrayList<>();

    private RegistryFiles() {}

    /// What is wrong with them, a sentence for each that names the file; empty when a pull will
    /// understand all that are there.
    public static List<String> problems(RegistrySettings settings) {
        RegistryFiles files = new RegistryFiles();
        files.look(
                () -> RegistryRules.load(settings.registriesConf(), settings.registriesConfDir()));
        files.look(() -> SignaturePolicy.check(settings.policy()));
        settings.authFiles().forEach(file -> files.look(() -> AuthFile.check(file)));
        settings.certDirs().forEach(directory -> files.look(() -> files.certificates(directory)));
        return List.copyOf(files.problems);
    }

    private void certificates(Path directory) {
        ConfigFiles.dropIns(directory, "").forEach(host -> look(() -> Tls.check(host)));
    }

    private void look(Runnable reading) {
        try {
            reading.run();
        } catch (FailedPreconditionException e) {
            problems.add(String.valueOf(e.getMessage()));
        }
    }
}
