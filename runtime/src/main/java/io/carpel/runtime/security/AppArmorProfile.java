package io.carpel.runtime.security;

import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.spec.Printable;
import io.carpel.runtime.spec.ProfileSpec;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// AppArmor profiles by name: which one a process changes to at exec.
public final class AppArmorProfile {
    /// The profile that `RUNTIME_DEFAULT` means when somebody has loaded it.
    public static final String RUNTIME_DEFAULT = "carpel-default";

    private static final int MAX_NAME = 4096;

    /// A parser that is missing is not looked for with every container.
    private static final Duration BETWEEN_LOADS = Duration.ofMinutes(1);

    private static final Logger LOG = LoggerFactory.getLogger(AppArmorProfile.class);

    private final Path enabled;
    private final Path profiles;
    private final ProfileLoader loader;
    private final InstantSource clock;

    // Guarded by this.
    private Instant nextLoad = Instant.MIN;

    /// @param loader for the default profile
    AppArmorProfile(Path enabled, Path profiles, ProfileLoader loader, InstantSource clock) {
        this.enabled = enabled;
        this.profiles = profiles;
        this.loader = loader;
        this.clock = clock;
    }

    /// This host's AppArmor.
    ///
    /// @param loader for the default profile
    public static AppArmorProfile host(ProfileLoader loader) {
        return new AppArmorProfile(
                Path.of("/sys/module/apparmor/parameters/enabled"),
                Path.of("/sys/kernel/security/apparmor/profiles"),
                loader,
                InstantSource.system());
    }

    /// This host's AppArmor, only to be looked at.
    public static AppArmorProfile host() {
        return host(_ -> {
            throw new IOException("this one loads nothing");
        });
    }

    /// Whether the host runs AppArmor and lets us see its profiles.
    public boolean available() {
        try {
            return Files.exists(enabled)
                    && Files.readString(enabled).startsWith("Y")
                    && Files.isReadable(profiles);
        } catch (IOException _) {
            return false;
        }
    }

    /// The profile to change to; empty when the process stays as it is.
    ///
    /// @throws FailedPreconditionException for a local profile on a host without AppArmor
    /// @throws NotFoundException for a local profile that is not loaded
    public Optional<String> resolve(ProfileSpec spec, boolean privileged) {
        return switch (spec.kind()) {
            case UNCONFINED -> available() ? Optional.of("unconfined") : Optional.empty();
            case RUNTIME_DEFAULT ->
                    !privileged && available() && loadDefault()
                            ? Optional.of(RUNTIME_DEFAULT)
                            : Optional.empty();
            case LOCALHOST -> Optional.of(local(spec.reference()));
        };
    }

    /// Makes sure that the default profile is in the kernel: somebody may have removed it. A host
    /// where it cannot be loaded runs its containers without, and says so: no pod could start
    /// otherwise.
    ///
    /// @return whether it is there
    public boolean loadDefault() {
        if (loaded(RUNTIME_DEFAULT)) {
            return true;
        }
        synchronized (this) {
            Instant now = clock.instant();
            if (now.isBefore(nextLoad)) {
                return false;
            }
            try {
                loader.load(DefaultAppArmor.text(RUNTIME_DEFAULT));
            } catch (IOException e) {
                nextLoad = now.plus(BETWEEN_LOADS);
                LOG.warn(
                        "containers run without the apparmor profile {}: {}",
                        RUNTIME_DEFAULT,
                        e.getMessage());
            }
        }
        return loaded(RUNTIME_DEFAULT);
    }

    private String local(String name) {
        if (name.isEmpty()
                || name.length() > MAX_NAME
                || name.chars().anyMatch(c -> c < ' ' || c == 0x7f)) {
            throw new InvalidArgumentException(
                    "apparmor profile name '%s' is empty, too long or has control characters"
                            .formatted(Printable.of(name)));
        }
        if (!available()) {
            throw new FailedPreconditionException(
                    "apparmor profile %s asked for, but this host does not run AppArmor"
                            .formatted(name));
        }
        if (!loaded(name)) {
            throw new NotFoundException(
                    "apparmor profile %s is not loaded on this host".formatted(name));
        }
        return name;
    }

    /// Whether the kernel has a profile of this name.
    public boolean loaded(String name) {
        // Each line is "name (mode)".
        try (BufferedReader lines = Files.newBufferedReader(profiles, StandardCharsets.UTF_8)) {
            return lines.lines().anyMatch(line -> nameOf(line).equals(name));
        } catch (IOException e) {
            throw new KernelFaultException("could not read %s".formatted(profiles), e);
        }
    }

    private static String nameOf(String line) {
        int mode = line.lastIndexOf(" (");
        return mode < 0 ? line : line.substring(0, mode);
    }
}
