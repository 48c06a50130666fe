package io.carpel.runtime.cgroup;

import io.carpel.runtime.error.InvalidArgumentException;
import java.util.ArrayList;
import java.util.List;

/// Which device nodes the processes of a group may open or make. The last rule that matches
/// decides; without one the answer is no.
public record DeviceRules(List<Rule> rules) {
    /// A major or minor number that stands for all.
    public static final int ANY = -1;

    /// What kind of node.
    public enum Type {
        ALL('a'),
        BLOCK('b'),
        CHARACTER('c');

        private final char letter;

        Type(char letter) {
            this.letter = letter;
        }

        public char letter() {
            return letter;
        }
    }

    /// @param major [DeviceRules#ANY] for all
    /// @param minor [DeviceRules#ANY] for all
    /// @param access any of `r`, `w`, `m`
    public record Rule(Type type, int major, int minor, String access, boolean allow) {
        public Rule {
            if (access.isEmpty() || !access.matches("[rwm]{1,3}")) {
                throw new InvalidArgumentException(
                        "device access '%s' is not made of r, w and m".formatted(access));
            }
            if (major < ANY || minor < ANY) {
                throw new InvalidArgumentException(
                        "device number %d:%d is negative".formatted(major, minor));
            }
        }

        /// The line of the v1 files `devices.allow` and `devices.deny`.
        String line() {
            return "%c %s:%s %s".formatted(type.letter, text(major), text(minor), access);
        }

        private static String text(int number) {
            return number == ANY ? "*" : Integer.toString(number);
        }

        boolean coversEverything() {
            return type == Type.ALL && access.length() == 3;
        }
    }

    private static final DeviceRules DEFAULTS =
            new DeviceRules(
                    List.of(
                            // Making a node is harmless: opening it is judged again.
                            new Rule(Type.BLOCK, ANY, ANY, "m", true),
                            new Rule(Type.CHARACTER, ANY, ANY, "m", true),
                            new Rule(Type.CHARACTER, 1, 3, "rwm", true), // null
                            new Rule(Type.CHARACTER, 1, 5, "rwm", true), // zero
                            new Rule(Type.CHARACTER, 1, 7, "rwm", true), // full
                            new Rule(Type.CHARACTER, 1, 8, "rwm", true), // random
                            new Rule(Type.CHARACTER, 1, 9, "rwm", true), // urandom
                            new Rule(Type.CHARACTER, 5, 0, "rwm", true), // tty
                            new Rule(Type.CHARACTER, 5, 2, "rwm", true), // ptmx
                            // tun: a node that a container makes itself is how many a VPN in a pod
                            // begins, and without CAP_NET_ADMIN it is of no use.
                            new Rule(Type.CHARACTER, 10, 200, "rwm", true),
                            new Rule(Type.CHARACTER, 136, ANY, "rwm", true))); // pts/*

    private static final DeviceRules ALLOW_ALL =
            new DeviceRules(List.of(new Rule(Type.ALL, ANY, ANY, "rwm", true)));

    public DeviceRules {
        rules = List.copyOf(rules);
    }

    /// What every container needs and no more.
    public static DeviceRules defaults() {
        return DEFAULTS;
    }

    /// For privileged containers.
    public static DeviceRules allowAll() {
        return ALLOW_ALL;
    }

    /// These rules and then one more.
    public DeviceRules and(Rule rule) {
        var all = new ArrayList<>(rules);
        all.add(rule);
        return new DeviceRules(all);
    }
}
