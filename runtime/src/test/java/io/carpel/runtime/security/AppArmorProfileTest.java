package io.carpel.runtime.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.spec.ProfileSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class AppArmorProfileTest {
    private static final String DEFAULT = AppArmorProfile.RUNTIME_DEFAULT;

    @TempDir Path directory;
    private Path enabled = Path.of("");
    private Path profiles = Path.of("");
    private final List<String> loaded = new ArrayList<>();
    private Instant now = Instant.parse("2026-11-23T12:00:00Z");
    private boolean parserWorks = true;

    @BeforeEach
    void layOut() throws IOException {
        enabled = Files.writeString(directory.resolve("enabled"), "Y\n");
        profiles =
                Files.writeString(
                        directory.resolve("profiles"), "snap.x (enforce)\nmine (odd) (complain)\n");
    }

    private AppArmorProfile apparmor() {
        return new AppArmorProfile(enabled, profiles, this::load, () -> now);
    }

    private void load(String text) throws IOException {
        loaded.add(text);
        if (!parserWorks) {
            throw new IOException("no parser");
        }
        Files.writeString(profiles, DEFAULT + " (enforce)\n", StandardOpenOption.APPEND);
    }

    private static ProfileSpec local(String name) {
        return new ProfileSpec(ProfileSpec.Kind.LOCALHOST, name);
    }

    @Test
    void theDefaultProfileIsLoadedOnceAndAgainWhenSomebodyRemovedIt() throws IOException {
        AppArmorProfile apparmor = apparmor();
        for (int i = 0; i < 3; i++) {
            assertThat(apparmor.resolve(ProfileSpec.runtimeDefault(), false)).contains(DEFAULT);
        }
        assertThat(loaded).hasSize(1);
        assertThat(loaded.getFirst()).startsWith("profile carpel-default flags=");
        Files.writeString(profiles, "");
        assertThat(apparmor.resolve(ProfileSpec.runtimeDefault(), false)).contains(DEFAULT);
        assertThat(loaded).hasSize(2);
    }

    @Test
    void aParserThatIsMissingKeepsNoPodFromStartingAndIsAskedOnceAMinute() {
        parserWorks = false;
        AppArmorProfile apparmor = apparmor();
        for (int i = 0; i < 3; i++) {
            assertThat(apparmor.resolve(ProfileSpec.runtimeDefault(), false)).isEmpty();
        }
        assertThat(loaded).hasSize(1);
        parserWorks = true;
        now = now.plusSeconds(61);
        assertThat(apparmor.resolve(ProfileSpec.runtimeDefault(), false)).contains(DEFAULT);
    }

    @Test
    void aPrivilegedContainerHasNoDefaultProfile() {
        assertThat(apparmor().resolve(ProfileSpec.runtimeDefault(), true)).isEmpty();
        assertThat(loaded).isEmpty();
    }

    @Test
    void unconfinedIsSaidWhereThereIsSomethingToSayItTo() throws IOException {
        assertThat(apparmor().resolve(ProfileSpec.unconfined(), false)).contains("unconfined");
        Files.writeString(enabled, "N\n");
        assertThat(apparmor().resolve(ProfileSpec.unconfined(), false)).isEmpty();
    }

    @Test
    void aLocalProfileHasToBeLoaded() {
        assertThat(apparmor().resolve(local("snap.x"), false)).contains("snap.x");
        assertThat(apparmor().resolve(local("mine (odd)"), true)).contains("mine (odd)");
        assertThatThrownBy(() -> apparmor().resolve(local("mine"), false))
                .isInstanceOf(NotFoundException.class)
                .hasMessageContaining("mine is not loaded");
    }

    @Test
    void aHostWithoutAppArmorRefusesLocalProfilesAndIgnoresTheDefault() throws IOException {
        Files.delete(enabled);
        assertThatThrownBy(() -> apparmor().resolve(local("snap.x"), false))
                .isInstanceOf(FailedPreconditionException.class)
                .hasMessageContaining("does not run AppArmor");
        assertThat(apparmor().resolve(ProfileSpec.runtimeDefault(), false)).isEmpty();
        assertThat(loaded).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a\nexec unconfined", "a\0", "\u007f"})
    void aNameThatWouldSmuggleAnythingIsRefused(String name) {
        assertThatThrownBy(() -> apparmor().resolve(local(name), false))
                .isInstanceOf(InvalidArgumentException.class);
    }

    @Test
    void theProfileNamesItselfAndTakesMountingAway() {
        assertThat(DefaultAppArmor.text("x-y"))
                .startsWith("profile x-y flags=(attach_disconnected,mediate_deleted) {\n")
                .contains("signal (send, receive) peer=x-y,\n")
                .contains("deny mount,\n")
                .endsWith("}\n")
                .doesNotContain("NAME");
    }
}
