package io.carpel.agent.translate;

import io.carpel.cri.Signal;
import io.carpel.runtime.error.InvalidArgumentException;
import java.util.Map;
import java.util.Optional;

/// The protocol's signal names ↔ the kernel's numbers (signal(7), amd64 and arm64 alike).
///
/// Real-time signals count from 34, as every C library and image does: the kernel's first two are
/// the library's own.
public final class SignalTranslator {
    private static final int RTMIN = 34;
    private static final int RTMAX = 64;

    private static final Map<Signal, Integer> NUMBERS =
            Map.ofEntries(
                    Map.entry(Signal.SIGNAL_SIGHUP, 1),
                    Map.entry(Signal.SIGNAL_SIGINT, 2),
                    Map.entry(Signal.SIGNAL_SIGQUIT, 3),
                    Map.entry(Signal.SIGNAL_SIGILL, 4),
                    Map.entry(Signal.SIGNAL_SIGTRAP, 5),
                    Map.entry(Signal.SIGNAL_SIGABRT, 6),
                    Map.entry(Signal.SIGNAL_SIGBUS, 7),
                    Map.entry(Signal.SIGNAL_SIGFPE, 8),
                    Map.entry(Signal.SIGNAL_SIGKILL, 9),
                    Map.entry(Signal.SIGNAL_SIGUSR1, 10),
                    Map.entry(Signal.SIGNAL_SIGSEGV, 11),
                    Map.entry(Signal.SIGNAL_SIGUSR2, 12),
                    Map.entry(Signal.SIGNAL_SIGPIPE, 13),
                    Map.entry(Signal.SIGNAL_SIGALRM, 14),
                    Map.entry(Signal.SIGNAL_SIGTERM, 15),
                    Map.entry(Signal.SIGNAL_SIGSTKFLT, 16),
                    Map.entry(Signal.SIGNAL_SIGCHLD, 17),
                    Map.entry(Signal.SIGNAL_SIGCONT, 18),
                    Map.entry(Signal.SIGNAL_SIGSTOP, 19),
                    Map.entry(Signal.SIGNAL_SIGTSTP, 20),
                    Map.entry(Signal.SIGNAL_SIGTTIN, 21),
                    Map.entry(Signal.SIGNAL_SIGTTOU, 22),
                    Map.entry(Signal.SIGNAL_SIGURG, 23),
                    Map.entry(Signal.SIGNAL_SIGXCPU, 24),
                    Map.entry(Signal.SIGNAL_SIGXFSZ, 25),
                    Map.entry(Signal.SIGNAL_SIGVTALRM, 26),
                    Map.entry(Signal.SIGNAL_SIGPROF, 27),
                    Map.entry(Signal.SIGNAL_SIGWINCH, 28),
                    Map.entry(Signal.SIGNAL_SIGIO, 29),
                    Map.entry(Signal.SIGNAL_SIGPWR, 30),
                    Map.entry(Signal.SIGNAL_SIGSYS, 31));

    private static final Map<Signal, Signal> ALIASES =
            Map.of(
                    Signal.SIGNAL_SIGCLD, Signal.SIGNAL_SIGCHLD,
                    Signal.SIGNAL_SIGIOT, Signal.SIGNAL_SIGABRT,
                    Signal.SIGNAL_SIGPOLL, Signal.SIGNAL_SIGIO);

    private SignalTranslator() {}

    /// The number to send, or empty when the request leaves the choice to image and runtime.
    ///
    /// @param wire the number in the message, so that one that is unknown can be named
    public static Optional<Integer> toNumber(Signal signal, int wire) {
        if (signal == Signal.SIGNAL_RUNTIME_DEFAULT) {
            return Optional.empty();
        }
        if (signal == Signal.UNRECOGNIZED) {
            throw new InvalidArgumentException("stop_signal %d is unknown".formatted(wire));
        }
        Integer number = NUMBERS.get(ALIASES.getOrDefault(signal, signal));
        return Optional.of(number != null ? number : realTime(signal));
    }

    // The protocol lists RTMIN, RTMIN+1…+15, RTMAX-14…-1, RTMAX one after the other, and so are the
    // numbers.
    private static int realTime(Signal signal) {
        return RTMIN + signal.getNumber() - Signal.SIGNAL_SIGRTMIN.getNumber();
    }

    /// The name for a number; the runtime's default for one that has no name.
    public static Signal toSignal(int number) {
        if (number >= RTMIN && number <= RTMAX) {
            return Signal.forNumber(Signal.SIGNAL_SIGRTMIN.getNumber() + number - RTMIN);
        }
        return NUMBERS.entrySet().stream()
                .filter(entry -> entry.getValue() == number)
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse(Signal.SIGNAL_RUNTIME_DEFAULT);
    }
}
