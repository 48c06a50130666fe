package io.carpel.runtime.cgroup;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.Printable;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/// Paths of groups as callers name them, checked before they reach a filesystem.
final class CgroupPaths {
    private static final int MAX_NAME = 255;
    private static final int MAX_DEPTH = 32;

    /// A name of this form could be a control file, now or in a later kernel.
    private static final Pattern CONTROL_FILE =
            Pattern.compile(
                    "(cgroup|cpu|cpuacct|cpuset|memory|pids|devices|hugetlb|blkio|io|freezer|rdma"
                            + "|misc|irq)\\..*");

    private static final Set<String> OLD_CONTROL_FILES =
            Set.of("tasks", "notify_on_release", "release_agent");

    private CgroupPaths() {}

    /// The components of an absolute path.
    ///
    /// @throws InvalidArgumentException for a relative path, `.` or `..`, or odd characters
    static List<String> components(String field, String path) {
        if (!path.startsWith("/")) {
            throw new InvalidArgumentException(
                    "%s '%s' is not absolute".formatted(field, Printable.of(path)));
        }
        var components = new ArrayList<String>();
        for (String name : path.split("/", -1)) {
            if (!name.isEmpty()) {
                components.add(checkName(field, name));
            }
        }
        if (components.size() > MAX_DEPTH) {
            throw new InvalidArgumentException(
                    "%s has %d components, more than %d"
                            .formatted(field, components.size(), MAX_DEPTH));
        }
        return components;
    }

    static String checkName(String field, String name) {
        boolean bad =
                name.isEmpty()
                        || name.length() > MAX_NAME
                        || name.equals(".")
                        || name.equals("..")
                        || name.indexOf('/') >= 0
                        || hasControl(name)
                        || OLD_CONTROL_FILES.contains(name)
                        || (name.indexOf('.') > 0 && CONTROL_FILE.matcher(name).matches());
        if (bad) {
            throw new InvalidArgumentException(
                    "%s has '%s', which cannot be the name of a cgroup"
                            .formatted(field, Printable.of(name)));
        }
        return name;
    }

    private static boolean hasControl(String name) {
        for (int at = 0; at < name.length(); at++) {
            char c = name.charAt(at);
            if (c <= ' ' || c == 0x7f) {
                return true;
            }
        }
        return false;
    }

    static String join(List<String> components) {
        return "/" + String.join("/", components);
    }
}
