package io.carpel.runtime.container;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.Printable;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Names of signals, signal(7), with the numbers that amd64 and arm64 share.
final class Signals {
    static final int KILL = 9;
    static final int TERM = 15;

    private static final int RTMIN = 34;
    private static final int RTMAX = 64;
    private static final Pattern REALTIME = Pattern.compile("RT(MIN|MAX)(?:([+-])([0-9]{1,2}))?");
    private static final Map<String, Integer> NAMES =
            Map.ofEntries(
                    Map.entry("HUP", 1),
                    Map.entry("INT", 2),
                    Map.entry("QUIT", 3),
                    Map.entry("ILL", 4),
                    Map.entry("TRAP", 5),
                    Map.entry("ABRT", 6),
                    Map.entry("IOT", 6),
                    Map.entry("BUS", 7),
                    Map.entry("FPE", 8),
                    Map.entry("KILL", KILL),
                    Map.entry("USR1", 10),
                    Map.entry("SEGV", 11),
                    Map.entry("USR2", 12),
                    Map.entry("PIPE", 13),
                    Map.entry("ALRM", 14),
                    Map.entry("TERM", TERM),
                    Map.entry("STKFLT", 16),
                    Map.entry("CHLD", 17),
                    Map.entry("CONT", 18),
                    Map.entry("STOP", 19),
                    Map.entry("TSTP", 20),
                    Map.entry("TTIN", 21),
                    Map.entry("TTOU", 22),
                    Map.entry("URG", 23),
                    Map.entry("XCPU", 24),
                    Map.entry("XFSZ", 25),
                    Map.entry("VTALRM", 26),
                    Map.entry("PROF", 27),
                    Map.entry("WINCH", 28),
                    Map.entry("IO", 29),
                    Map.entry("POLL", 29),
                    Map.entry("PWR", 30),
                    Map.entry("SYS", 31));

    private Signals() {}

    /// Reads `SIGTERM`, `TERM`, `15`, `SIGRTMIN+3`.
    ///
    /// @throws InvalidArgumentException when it is none
    static int parse(String text) {
        String name = text.strip().toUpperCase(Locale.ROOT);
        if (name.matches("[0-9]{1,2}")) {
            return check(Integer.parseInt(name));
        }
        String bare = name.startsWith("SIG") ? name.substring(3) : name;
        Integer known = NAMES.get(bare);
        if (known != null) {
            return known;
        }
        Matcher realtime = REALTIME.matcher(bare);
        if (!realtime.matches()) {
            throw new InvalidArgumentException(
                    "'%s' is not the name of a signal".formatted(Printable.of(text)));
        }
        int base = realtime.group(1).equals("MIN") ? RTMIN : RTMAX;
        String digits = realtime.group(3);
        int offset = digits == null ? 0 : Integer.parseInt(digits);
        return check("-".equals(realtime.group(2)) ? base - offset : base + offset);
    }

    /// @throws InvalidArgumentException when there is no such signal
    static int check(int number) {
        if (number < 1 || number > RTMAX) {
            throw new InvalidArgumentException("signal %d is not in 1…64".formatted(number));
        }
        return number;
    }
}
