package io.carpel.runtime.cgroup;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.Printable;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// A slice of systemd's tree. Its name tells its place, systemd.slice(5): `a-b.slice` lies in
/// `a.slice`.
///
/// @param names from the top down to the slice itself, such as `a.slice`, `a-b.slice`
record Slice(List<String> names) {
    static final String SUFFIX = ".slice";

    /// Parts that systemd takes, with dashes between them. Longer names than a directory may have
    /// are refused where the path is checked.
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9:_.]+(-[A-Za-z0-9:_.]+)*");

    Slice {
        names = List.copyOf(names);
    }

    /// The slice that a caller means.
    ///
    /// @param parent a path as the kubelet writes it, of which the last name counts, or that alone
    /// @throws InvalidArgumentException when it does not end in the name of a slice
    static Slice of(String parent) {
        String path = parent.endsWith("/") ? parent.substring(0, parent.length() - 1) : parent;
        String name = path.substring(path.lastIndexOf('/') + 1);
        String stem = name.substring(0, Math.max(0, name.length() - SUFFIX.length()));
        if (!name.endsWith(SUFFIX) || !NAME.matcher(stem).matches()) {
            throw new InvalidArgumentException(
                    "cgroup parent '%s' is not a slice: with the systemd driver it ends in a name like"
                                    .formatted(Printable.of(parent))
                            + " kubepods-burstable.slice");
        }
        var names = new ArrayList<String>();
        for (int dash = stem.indexOf('-'); dash >= 0; dash = stem.indexOf('-', dash + 1)) {
            names.add(stem.substring(0, dash) + SUFFIX);
        }
        names.add(name);
        CgroupPaths.components("cgroup parent", CgroupPaths.join(names));
        return new Slice(names);
    }

    String name() {
        return names.getLast();
    }

    String path() {
        return CgroupPaths.join(names);
    }

    /// This slice and those it lies in, itself first.
    List<Slice> upwards() {
        var all = new ArrayList<Slice>();
        for (int depth = names.size(); depth > 0; depth--) {
            all.add(new Slice(names.subList(0, depth)));
        }
        return all;
    }
}
