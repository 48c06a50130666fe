package io.carpel.runtime.container;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.image.ImageConfig;
import io.carpel.runtime.spec.Bytes;
import io.carpel.runtime.spec.EnvVar;
import io.carpel.runtime.spec.Printable;
import io.carpel.runtime.spec.ProcessSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The process after request and image were put together.
///
/// @param env without doubles; the last of a name won
/// @param workingDir absolute
record MergedProcess(List<String> argv, List<EnvVar> env, String workingDir) {
    static final String DEFAULT_PATH =
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// More than the kernel takes in one execve(2) anyway; stops a hostile request early.
    private static final int LIMIT = 100_000;

    MergedProcess {
        argv = List.copyOf(argv);
        env = List.copyOf(env);
    }

    /// @param home of the user in the image's passwd file
    static MergedProcess of(ProcessSpec spec, ImageConfig image, String hostname, String home) {
        List<String> argv = argv(spec, image);
        String directory = spec.workingDir().isEmpty() ? image.workingDir() : spec.workingDir();
        if (directory.isEmpty()) {
            directory = "/";
        }
        if (!directory.startsWith("/") || directory.indexOf('\0') >= 0) {
            throw new InvalidArgumentException(
                    "working directory '%s' is not an absolute path"
                            .formatted(Printable.of(directory)));
        }
        return new MergedProcess(argv, env(spec, image, hostname, home), directory);
    }

    private static List<String> argv(ProcessSpec spec, ImageConfig image) {
        List<String> argv = new ArrayList<>();
        if (spec.command().isEmpty()) {
            argv.addAll(image.entrypoint());
            argv.addAll(spec.args().isEmpty() ? image.cmd() : spec.args());
        } else {
            // A command of its own drops the image's arguments too: they belong to its entrypoint.
            argv.addAll(spec.command());
            argv.addAll(spec.args());
        }
        if (argv.isEmpty() || argv.getFirst().isEmpty()) {
            throw new InvalidArgumentException(
                    "no command: neither the request nor the image names one");
        }
        checkArguments(argv);
        return argv;
    }

    /// @throws InvalidArgumentException when they cannot be passed to execve(2)
    static void checkArguments(List<String> argv) {
        if (argv.size() > LIMIT) {
            throw new InvalidArgumentException(
                    "%d arguments are more than %d".formatted(argv.size(), LIMIT));
        }
        for (String argument : argv) {
            if (argument.indexOf('\0') >= 0) {
                throw new InvalidArgumentException(
                        "argument '%s' holds a NUL byte".formatted(Printable.of(argument)));
            }
        }
    }

    private static List<EnvVar> env(
            ProcessSpec spec, ImageConfig image, String hostname, String home) {
        if (spec.env().size() > LIMIT || image.env().size() > LIMIT) {
            throw new InvalidArgumentException(
                    "%d environment variables are more than %d"
                            .formatted(Math.max(spec.env().size(), image.env().size()), LIMIT));
        }
        Map<String, Bytes> env = new LinkedHashMap<>();
        env.put("PATH", Bytes.utf8(DEFAULT_PATH));
        env.put("HOSTNAME", Bytes.utf8(hostname));
        if (spec.tty()) {
            env.put("TERM", Bytes.utf8("xterm"));
        }
        for (String line : image.env()) {
            int equals = line.indexOf('=');
            if (equals > 0 && line.indexOf('\0') < 0) {
                env.put(line.substring(0, equals), Bytes.utf8(line.substring(equals + 1)));
            }
        }
        for (EnvVar variable : spec.env()) {
            env.put(checkName(variable.name()), checkValue(variable));
        }
        env.putIfAbsent("HOME", Bytes.utf8(plainHome(home)));
        List<EnvVar> list = new ArrayList<>(env.size());
        env.forEach((name, value) -> list.add(new EnvVar(name, value)));
        return list;
    }

    private static String checkName(String name) {
        if (name.isEmpty() || name.indexOf('=') >= 0 || name.indexOf('\0') >= 0) {
            throw new InvalidArgumentException(
                    "environment variable '%s' has a name that is empty or holds '=' or NUL"
                            .formatted(Printable.of(name)));
        }
        return name;
    }

    private static Bytes checkValue(EnvVar variable) {
        for (byte b : variable.value().toArray()) {
            if (b == 0) {
                throw new InvalidArgumentException(
                        "environment variable '%s' holds a NUL byte"
                                .formatted(Printable.of(variable.name())));
            }
        }
        return variable.value();
    }

    /// The home comes from a file of the image: what could be read as more than one field of a
    /// passwd line is not passed on.
    private static String plainHome(String home) {
        boolean odd = home.chars().anyMatch(c -> c < ' ' || c == ':' || c == 0x7f);
        return home.isEmpty() || odd ? "/" : home;
    }
}
