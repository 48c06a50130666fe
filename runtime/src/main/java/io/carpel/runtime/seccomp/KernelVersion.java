package io.carpel.runtime.seccomp;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.Printable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The first two numbers of a kernel's release.
record KernelVersion(int major, int minor) {
    private static final Pattern FORM = Pattern.compile("(\\d{1,4})\\.(\\d{1,4})([^\\d].*)?");

    /// @param release such as `6.18.44-amd64` or `4.8`
    static KernelVersion parse(String release) {
        Matcher matcher = FORM.matcher(release);
        if (!matcher.matches()) {
            throw new InvalidArgumentException(
                    "kernel version '%s' is not like 6.1".formatted(Printable.of(release)));
        }
        return new KernelVersion(
                Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
    }

    boolean isAtLeast(KernelVersion other) {
        return major > other.major || (major == other.major && minor >= other.minor);
    }
}
