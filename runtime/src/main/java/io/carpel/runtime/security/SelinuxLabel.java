package io.carpel.runtime.security;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.Printable;
import io.carpel.runtime.spec.SelinuxSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// SELinux process labels: `user:role:type:level`.
public final class SelinuxLabel {
    private static final Path ENFORCE = Path.of("/sys/fs/selinux/enforce");
    private static final Pattern PART = Pattern.compile("[A-Za-z0-9_.$-]{1,128}");
    // sensitivity[-sensitivity], each with categories c0…c1023 and their ranges.
    private static final Pattern LEVEL =
            Pattern.compile(
                    "s(\\d{1,2})(:CATS)?(-s(\\d{1,2})(:CATS)?)?"
                            .replace(
                                    "CATS",
                                    "(?:c\\d{1,4}(?:\\.c\\d{1,4})?,)*c\\d{1,4}(?:\\.c\\d{1,4})?"));
    private static final Pattern CATEGORY = Pattern.compile("c(\\d{1,4})");
    private static final int MAX_SENSITIVITY = 15;
    private static final int MAX_CATEGORY = 1023;

    private final boolean available;

    SelinuxLabel(boolean available) {
        this.available = available;
    }

    /// As this host is now.
    public static SelinuxLabel probe() {
        return new SelinuxLabel(Files.exists(ENFORCE));
    }

    /// Whether the host runs SELinux.
    public boolean available() {
        return available;
    }

    /// The label for a process; empty when the host has no SELinux, when nothing was asked for, or
    /// when the container is privileged and names no type.
    ///
    /// @throws InvalidArgumentException when a part cannot be one, with or without SELinux here
    public Optional<String> process(SelinuxSpec spec, boolean privileged) {
        check("user", spec.user());
        check("role", spec.role());
        check("type", spec.type());
        checkLevel(spec.level());
        if (!available || spec.isEmpty()) {
            return Optional.empty();
        }
        String type = privileged ? "spc_t" : "container_t";
        return Optional.of(
                String.join(
                        ":",
                        orElse(spec.user(), "system_u"),
                        orElse(spec.role(), "system_r"),
                        orElse(spec.type(), type),
                        orElse(spec.level(), "s0")));
    }

    private static String orElse(String part, String instead) {
        return part.isEmpty() ? instead : part;
    }

    private static void check(String field, String part) {
        if (!part.isEmpty() && !PART.matcher(part).matches()) {
            throw new InvalidArgumentException(
                    "selinux %s '%s' holds characters that a label cannot have"
                            .formatted(field, Printable.of(part)));
        }
    }

    private static void checkLevel(String level) {
        if (level.isEmpty()) {
            return;
        }
        Matcher matcher = LEVEL.matcher(level);
        boolean valid = matcher.matches() && inRange(matcher.group(1));
        if (valid && matcher.group(4) != null) {
            valid = inRange(matcher.group(4));
        }
        Matcher categories = CATEGORY.matcher(level);
        while (valid && categories.find()) {
            valid = Integer.parseInt(categories.group(1)) <= MAX_CATEGORY;
        }
        if (!valid) {
            throw new InvalidArgumentException(
                    "selinux level '%s' is not like s0 or s0:c1,c2".formatted(Printable.of(level)));
        }
    }

    private static boolean inRange(String sensitivity) {
        return Integer.parseInt(sensitivity) <= MAX_SENSITIVITY;
    }
}
