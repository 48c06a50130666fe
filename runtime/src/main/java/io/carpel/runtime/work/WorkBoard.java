package io.carpel.runtime.work;

import java.time.Clock;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;

/// All work under way. Reading takes no lock and waits for nobody.
public final class WorkBoard {
    private static final ScopedValue<Work> CURRENT = ScopedValue.newInstance();

    /// What the call of an exec is named.
    public static final String EXEC = "exec";

    /// What the call of a pull is named.
    public static final String PULL = "pull";

    private final Set<Work> underWay = ConcurrentHashMap.newKeySet();
    private final Clock clock;
    private final StepWatch watch;

    public WorkBoard(Clock clock) {
        this(clock, StepWatch.NONE);
    }

    /// @param watch hears of the steps of work on sandboxes and containers
    public WorkBoard(Clock clock, StepWatch watch) {
        this.clock = clock;
        this.watch = watch;
    }

    /// Does a piece of work that can be seen on the board until it ends.
    ///
    /// @param call what was asked for, such as `create`
    public <R> R call(Subject subject, String call, Function<Work, R> body) {
        // A pull's steps name its layers and an exec's its command, which are without number.
        boolean named = call.equals(PULL) || call.equals(EXEC);
        StepWatch seen = named ? StepWatch.NONE : watch;
        Work work = new Work(subject, call, clock, seen, current());
        underWay.add(work);
        boolean ok = false;
        try {
            R result = ScopedValue.where(CURRENT, work).call(() -> body.apply(work));
            ok = true;
            return result;
        } finally {
            work.end(ok);
            underWay.remove(work);
        }
    }

    /// [#call] without a result.
    public void run(Subject subject, String call, Consumer<Work> body) {
        call(
                subject,
                call,
                work -> {
                    body.accept(work);
                    return call;
                });
    }

    /// Shows work that goes on when its caller has given up; to be taken off by [#remove].
    Work keep(WorkItem of, String step) {
        Work work = new Work(of.subject(), of.call(), clock, StepWatch.NONE, Optional.empty());
        work.at(step);
        underWay.add(work);
        return work;
    }

    void remove(Work work) {
        underWay.remove(work);
    }

    /// The work that the calling thread is doing.
    public static Optional<Work> current() {
        return CURRENT.isBound() ? Optional.of(CURRENT.get()) : Optional.empty();
    }

    /// Says what part of its step the calling thread's work is at; nothing outside of any work.
    ///
    /// @param name one of few on a host
    public static void part(String name) {
        if (CURRENT.isBound()) {
            CURRENT.get().part(name);
        }
    }

    /// The same task for another thread, where it counts as part of the calling thread's work.
    public static Runnable carried(Runnable task) {
        return current()
                .<Runnable>map(work -> () -> ScopedValue.where(CURRENT, work).run(task))
                .orElse(task);
    }

    /// Everything under way, oldest first.
    public List<WorkItem> list() {
        return underWay.stream()
                .map(Work::item)
                .sorted(Comparator.comparing(WorkItem::begun))
                .toList();
    }

    /// What is under way on one sandbox and its containers, oldest first.
    public List<WorkItem> ofSandbox(String sandboxId) {
        return list().stream()
                .filter(item -> item.subject().sandboxId().equals(sandboxId))
                .toList();
    }

    /// What is under way on one object, oldest first.
    public List<WorkItem> of(String id) {
        return list().stream().filter(item -> item.subject().id().equals(id)).toList();
    }
}
