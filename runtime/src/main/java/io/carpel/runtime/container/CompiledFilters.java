package io.carpel.runtime.container;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.seccomp.SeccompCompiler;
import io.carpel.runtime.seccomp.SeccompProfile;
import io.carpel.runtime.spec.Bytes;
import io.carpel.runtime.spec.Printable;
import io.carpel.runtime.spec.ProfileSpec;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Set;

/// Filters by the compiler of this host; local profiles are files of the administrator.
public final class CompiledFilters implements SeccompFilters {
    /// Far beyond any real profile; the file is read whole.
    private static final int LIMIT = 4 << 20;

    private final SeccompCompiler compiler;

    public CompiledFilters(SeccompCompiler compiler) {
        this.compiler = compiler;
    }

    @Override
    public Bytes compile(ProfileSpec profile, Set<String> capabilities) {
        return switch (profile.kind()) {
            case UNCONFINED -> Bytes.empty();
            case RUNTIME_DEFAULT ->
                    Bytes.copyOf(compiler.compile(SeccompProfile.runtimeDefault(), capabilities));
            case LOCALHOST ->
                    Bytes.copyOf(compiler.compile(read(profile.reference()), capabilities));
        };
    }

    private static SeccompProfile read(String reference) {
        Path file = Path.of(reference);
        if (!file.isAbsolute()) {
            throw new InvalidArgumentException(
                    "seccomp profile '%s' is not an absolute path"
                            .formatted(Printable.of(reference)));
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] json = in.readNBytes(LIMIT + 1);
            if (json.length > LIMIT) {
                throw new InvalidArgumentException(
                        "seccomp profile %s is larger than %d bytes".formatted(file, LIMIT));
            }
            return SeccompProfile.parse(json);
        } catch (NoSuchFileException e) {
            throw new NotFoundException("seccomp profile %s does not exist".formatted(file), e);
        } catch (IOException e) {
            throw new InvalidArgumentException(
                    "seccomp profile %s cannot be read: %s".formatted(file, e.getMessage()), e);
        }
    }
}
