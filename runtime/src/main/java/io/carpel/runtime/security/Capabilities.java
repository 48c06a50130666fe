package io.carpel.runtime.security;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.Printable;
import io.carpel.runtime.spec.SecuritySpec;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/// Capabilities by name and number, and how a spec becomes the five sets of a process.
public final class Capabilities {
    // linux/capability.h; the index is the number. The last came with 5.9.
    private static final List<String> NAMES =
            List.of(
                    "CHOWN",
                    "DAC_OVERRIDE",
                    "DAC_READ_SEARCH",
                    "FOWNER",
                    "FSETID",
                    "KILL",
                    "SETGID",
                    "SETUID",
                    "SETPCAP",
                    "LINUX_IMMUTABLE",
                    "NET_BIND_SERVICE",
                    "NET_BROADCAST",
                    "NET_ADMIN",
                    "NET_RAW",
                    "IPC_LOCK",
                    "IPC_OWNER",
                    "SYS_MODULE",
                    "SYS_RAWIO",
                    "SYS_CHROOT",
                    "SYS_PTRACE",
                    "SYS_PACCT",
                    "SYS_ADMIN",
                    "SYS_BOOT",
                    "SYS_NICE",
                    "SYS_RESOURCE",
                    "SYS_TIME",
                    "SYS_TTY_CONFIG",
                    "MKNOD",
                    "LEASE",
                    "AUDIT_WRITE",
                    "AUDIT_CONTROL",
                    "SETFCAP",
                    "MAC_OVERRIDE",
                    "MAC_ADMIN",
                    "SYSLOG",
                    "WAKE_ALARM",
                    "BLOCK_SUSPEND",
                    "AUDIT_READ",
                    "PERFMON",
                    "BPF",
                    "CHECKPOINT_RESTORE");

    private static final Set<String> DEFAULTS =
            Set.of(
                    "AUDIT_WRITE",
                    "CHOWN",
                    "DAC_OVERRIDE",
                    "FOWNER",
                    "FSETID",
                    "KILL",
                    "MKNOD",
                    "NET_BIND_SERVICE",
                    "NET_RAW",
                    "SETFCAP",
                    "SETGID",
                    "SETPCAP",
                    "SETUID",
                    "SYS_CHROOT");

    private static final String ALL = "ALL";

    private final long available;

    /// @param available what the host lets us give away: the bounding set of this process
    public Capabilities(long available) {
        this.available = available;
    }

    /// What containers get when nothing is said; names without `CAP_`.
    public static Set<String> defaults() {
        return DEFAULTS;
    }

    /// Every capability known here.
    public static long all() {
        return (1L << NAMES.size()) - 1;
    }

    /// The number of a capability.
    ///
    /// @param name with or without `CAP_`, in either case
    /// @throws InvalidArgumentException when there is none of that name
    public static int number(String name) {
        int number = NAMES.indexOf(bare(name));
        if (number < 0) {
            throw new InvalidArgumentException(
                    "unknown capability '%s'".formatted(Printable.of(name)));
        }
        return number;
    }

    /// The names in a mask, each with `CAP_`, in order of their numbers.
    public static List<String> names(long mask) {
        var names = new ArrayList<String>();
        for (int i = 0; i < NAMES.size(); i++) {
            if ((mask & (1L << i)) != 0) {
                names.add("CAP_" + NAMES.get(i));
            }
        }
        return List.copyOf(names);
    }

    /// The sets of a process.
    ///
    /// The inheritable set holds only what was asked to be ambient: anything else there comes back
    /// through an executable's file capabilities. A user other than root gets an empty permitted
    /// and effective set, as execve(2) would leave it, unless asked otherwise by ambient.
    ///
    /// @param defaults names to start from when not privileged
    /// @throws InvalidArgumentException for an unknown name
    public CapabilitySets resolve(SecuritySpec spec, Set<String> defaults, boolean userIsRoot) {
        long ambient = mask("ambient capability", spec.ambientCapabilities());
        long bounding = bounding(spec, defaults) | ambient;
        bounding &= available;
        ambient &= available;
        long permitted = userIsRoot ? bounding : ambient;
        return new CapabilitySets(bounding, permitted, permitted, ambient, ambient);
    }

    /// What was asked for but the host does not have: to be logged, never a reason to fail.
    public List<String> withheld(SecuritySpec spec, Set<String> defaults) {
        if (spec.privileged()) {
            return List.of();
        }
        long wanted =
                bounding(spec, defaults) | mask("ambient capability", spec.ambientCapabilities());
        var missing = new TreeSet<>(names(wanted & ~available));
        return List.copyOf(missing);
    }

    private static long bounding(SecuritySpec spec, Set<String> defaults) {
        long added = mask("added capability", spec.addCapabilities());
        long dropped = mask("dropped capability", spec.dropCapabilities());
        if (spec.privileged()) {
            return all();
        }
        boolean addAll = hasAll(spec.addCapabilities());
        boolean dropAll = hasAll(spec.dropCapabilities());
        long start = addAll ? all() : mask("default capability", defaults);
        if (dropAll) {
            // "drop ALL, add X" leaves X; "add ALL, drop ALL" leaves nothing but what is named.
            return mask("added capability", withoutAll(spec.addCapabilities()));
        }
        return (start | added) & ~dropped;
    }

    private static long mask(String field, Collection<String> names) {
        long mask = 0;
        for (String name : names) {
            if (bare(name).equals(ALL)) {
                mask |= all();
                continue;
            }
            try {
                mask |= 1L << number(name);
            } catch (InvalidArgumentException e) {
                throw new InvalidArgumentException("%s: %s".formatted(field, e.getMessage()), e);
            }
        }
        return mask;
    }

    private static List<String> withoutAll(List<String> names) {
        return names.stream().filter(name -> !bare(name).equals(ALL)).toList();
    }

    private static boolean hasAll(List<String> names) {
        return names.stream().anyMatch(name -> bare(name).equals(ALL));
    }

    private static String bare(String name) {
        String upper = name.toUpperCase(Locale.ROOT);
        return upper.startsWith("CAP_") ? upper.substring(4) : upper;
    }
}
