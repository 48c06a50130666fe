package io.carpel.runtime.container;

import io.carpel.runtime.cgroup.Cgroup;
import io.carpel.runtime.cgroup.CgroupMode;
import io.carpel.runtime.container.ContainerState.Created;
import io.carpel.runtime.container.ContainerState.Exited;
import io.carpel.runtime.container.ContainerState.Running;
import io.carpel.runtime.container.ContainerState.Unknown;
import io.carpel.runtime.error.AlreadyExistsException;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.DeadlineExceededException;
import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.error.UnavailableException;
import io.carpel.runtime.io.ProcessSession;
import io.carpel.runtime.io.ShimStreams;
import io.carpel.runtime.launch.ContainerLaunch;
import io.carpel.runtime.launch.ExitRecord;
import io.carpel.runtime.launch.LaunchPlanner;
import io.carpel.runtime.launch.ShimConnection;
import io.carpel.runtime.launch.ShimLauncher;
import io.carpel.runtime.launch.ShimStatus;
import io.carpel.runtime.lifecycle.Rollback;
import io.carpel.runtime.lifecycle.Step;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.sandbox.SandboxChange;
import io.carpel.runtime.spec.ContainerSpec;
import io.carpel.runtime.spec.ResourceLimits;
import io.carpel.runtime.store.Announcer;
import io.carpel.runtime.store.CreationClock;
import io.carpel.runtime.store.ObjectTable;
import io.carpel.runtime.store.RecordStore;
import io.carpel.runtime.store.StateLayout;
import io.carpel.runtime.store.Trash;
import io.carpel.runtime.store.Trees;
import io.carpel.runtime.work.Subject;
import io.carpel.runtime.work.Turns;
import io.carpel.runtime.work.Work;
import io.carpel.runtime.work.WorkRoom;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;

/// Creates, starts, stops and removes containers.
///
/// One lock for each container is held by create, start, update and remove. Stop takes none: it
/// must get through to a container whose start hangs. Reading takes none either.
public final class ContainerManager {
    /// How long a question is worth whose answer is only shown.
    private static final Duration STATUS_WAIT = Duration.ofSeconds(1);

    /// For another call on the same container.
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final ObjectTable<Container, ContainerChange> table;
    private final ContainerRooms rooms;
    private final ContainerSettings settings;
    private final List<Step<ContainerDraft>> steps;
    private final ContainerStates states;
    private final ContainerEnds ends;
    private final ContainerStops stops;
    private final CreationClock creation;
    private final Clock clock;
    private final Turns turns;
    private final Drafts drafts = new Drafts();
    private final Map<String, LiveContainer> live = new ConcurrentHashMap<>();

    /// @param sandboxes in which containers are created
    public static ContainerManager open(
            ObjectTable<Container, ContainerChange> table,
            ContainerSettings settings,
            ObjectTable<Sandbox, SandboxChange> sandboxes,
            ContainerImages images,
            ContainerKernel kernel) {
        ContainerRooms rooms =
                new ContainerRooms(
                        sandboxes,
                        images,
                        kernel.cgroups(),
                        kernel.launcher(),
                        kernel.policy(),
                        new RecordStore<>(
                                settings.layout().containers(),
                                ContainerRecord.class,
                                ContainerRecord.VERSION,
                                RecordStore.mapper()),
                        new ProcessStore(settings.layout(), RecordStore.mapper()),
                        kernel.trash(),
                        kernel.work());
        List<Step<ContainerDraft>> steps =
                new ContainerSteps(rooms, settings, table::get, launching(kernel.launcher()))
                        .list();
        return new ContainerManager(table, rooms, settings, steps, Clock.systemUTC());
    }

    /// Plan first, launch second: the plan can be looked at and tested without a kernel.
    static Function<ContainerLaunch, ShimConnection> launching(ShimLauncher launcher) {
        return described -> launcher.launch(LaunchPlanner.plan(described));
    }

    ContainerManager(
            ObjectTable<Container, ContainerChange> table,
            ContainerRooms rooms,
            ContainerSettings settings,
            List<Step<ContainerDraft>> steps,
            Clock clock) {
        this.table = table;
        this.rooms = rooms;
        this.settings = settings;
        this.steps = List.copyOf(steps);
        this.clock = clock;
        this.states = new ContainerStates(table, rooms.records());
        this.ends = new ContainerEnds(states, clock);
        this.stops = new ContainerStops(states, ends, live);
        this.creation = new CreationClock(clock);
        this.turns = new Turns(rooms.work().board(), "container", PATIENCE);
    }

    /// Makes a container whose init waits to be started. On any failure nothing of it is left.
    ///
    /// @throws NotFoundException when the sandbox or the image is absent
    /// @throws FailedPreconditionException when the sandbox is not ready
    public Container create(ContainerSpec spec) {
        String id = spec.id();
        return turns.call(
                Subject.container(spec.sandboxId(), id),
                "create",
                work -> {
                    try (var draft = drafts.begin(spec.sandboxId())) {
                        if (table.exists(id)) {
                            throw new AlreadyExistsException("container " + id + " exists");
                        }
                        return draft.run(() -> make(spec, work));
                    }
                });
    }

    WorkRoom work() {
        return rooms.work();
    }

    Subject subject(String id) {
        // Gone in this moment: whoever asks for it is told when he gets there.
        String sandbox = states.find(id).map(r -> r.spec().sandboxId()).orElse("");
        return Subject.container(sandbox, id);
    }

    private Container make(ContainerSpec spec, Work work) {
        String id = spec.id();
        try (var undo = new Rollback()) {
            ContainerDraft draft = new ContainerDraft(spec, undo, creation.next());
            work.make(steps, draft);
            LiveContainer made =
                    new LiveContainer(
                            id,
                            spec.pid(),
                            draft.shim(),
                            draft.cgroup(),
                            new KeptProcess(rooms.processes(), id, draft.process()));
            undo.add(() -> forget(id));
            Container shown = show(made, draft);
            undo.commit();
            return shown;
        }
    }

    /// Its end may come at once, and is told after its beginning.
    private Container show(LiveContainer made, ContainerDraft draft) {
        made.transition.lock();
        try {
            live.put(made.id, made);
            states.add(ContainerSteps.made(draft));
            // Whoever stops the sandbox first marks it, then looks for containers: either this
            // check sees the mark, or the container is seen there.
            rooms.sandboxes().get(draft.spec.sandboxId()).requireReady();
            Container shown = table.get(made.id);
            announce(ContainerChange.Kind.CREATED, shown);
            watch(made);
            return shown;
        } finally {
            made.transition.unlock();
        }
    }

    private void announce(ContainerChange.Kind kind, Container container) {
        table.changes().announce(new ContainerChange(kind, container));
    }

    /// How many bytes of output could not be logged, of the containers whose end this process saw.
    public long droppedLogBytes() {
        return ends.droppedLogBytes();
    }

    private void watch(LiveContainer container) {
        container.shim.onExit(record -> {
            ends.end(container, record);
            live.remove(container.id, container);
        });
    }

    private void forget(String id) {
        live.remove(id);
        states.drop(id);
    }

    /// Lets the process run.
    ///
    /// @throws FailedPreconditionException unless it is created and was never started
    public void start(String id) {
        table.get(id);
        turns.run(
                subject(id),
                "start",
                work -> {
                    work.at("start the process");
                    startLocked(id);
                });
    }

    private void startLocked(String id) {
        ContainerRecord record = states.get(id);
        // Says what is wrong when the state does not allow it.
        Running _ = Transitions.onStarted(id, record.state(), clock.instant());
        LiveContainer container = live.get(id);
        if (container == null) {
            throw new FailedPreconditionException("container " + id + " has ended");
        }
        container.transition.lock();
        try {
            start(container);
        } finally {
            container.transition.unlock();
        }
    }

    private void start(LiveContainer container) {
        String id = container.id;
        if (container.hasEnded()) {
            throw new FailedPreconditionException("container " + id + " has ended");
        }
        try {
            ShimStatus status = container.shim.start();
            states.change(
                    id,
                    ContainerChange.Kind.STARTED,
                    before ->
                            Transitions.onStarted(
                                    id, before, status.startedAt().orElseGet(clock::instant)));
        } catch (UnavailableException e) {
            // Stopped by another call meanwhile: it was not the start that failed.
            stops.kill(container);
            throw LiveContainer.ended(id, e);
        } catch (ContainerRuntimeException e) {
            container.failedToStart(String.valueOf(e.getMessage()));
            stops.kill(container);
            throw LiveContainer.ofProgram(e);
        }
    }

    /// Asks it to end, and after `grace` makes it. An unknown or ended one is already stopped. A
    /// second call with a shorter grace shortens the first one's wait. When the caller's thread is
    /// interrupted, the container is killed all the same when its time is up.
    public void stop(String id, Duration grace) {
        LiveContainer container = live.get(id);
        if (container == null) {
            return;
        }
        rooms.work().board().run(subject(id), "stop", work -> stops.stop(container, grace, work));
    }

    /// Kills it if needed and removes every trace but its log. An unknown one is already removed.
    public void remove(String id) {
        if (!table.exists(id)) {
            return;
        }
        turns.run(subject(id), "remove", work -> removeLocked(id, work));
    }

    private void removeLocked(String id, Work work) {
        if (states.find(id).isEmpty()) {
            return;
        }
        work.at("stop it");
        stop(id, Duration.ZERO);
        work.at("remove its cgroup and its files");
        discard(states.get(id));
        Container last = table.get(id);
        states.drop(id);
        announce(ContainerChange.Kind.REMOVED, last);
    }

    /// Removes what a container without processes still has.
    private void discard(ContainerRecord record) {
        String id = record.spec().id();
        rooms.cgroups().reopen(record.cgroup()).remove();
        try {
            removeFiles(settings.layout(), rooms.trash(), id);
        } catch (IOException e) {
            throw subject(id).failed("remove its files", e);
        }
        rooms.images().release(record.image().id(), id);
        record.imageVolumes().forEach(image -> rooms.images().release(image, id));
        rooms.policy().selinux().release(id);
    }

    static void removeFiles(StateLayout layout, Trash trash, String id) throws IOException {
        trash.remove(layout.writable(id));
        Trees.remove(layout.shimSocket(id));
        // Last: as long as it is there, a later process knows that there is something to remove.
        Trees.remove(layout.container(id));
    }

    /// Changes its limits, all of them or none.
    ///
    /// @throws FailedPreconditionException when it has ended
    public void update(String id, ResourceLimits limits) {
        table.get(id);
        turns.run(
                subject(id),
                "update",
                work -> {
                    work.at("change its limits");
                    updateLocked(id, limits);
                });
    }

    private void updateLocked(String id, ResourceLimits limits) {
        LiveContainer container = live.get(id);
        if (container == null || container.hasEnded()) {
            throw ended(id);
        }
        Cgroup.Change change = change(container, limits);
        boolean swapApart = rooms.cgroups().mode() == CgroupMode.V2;
        container.transition.lock();
        try {
            ContainerRecord now = states.get(id);
            states.replace(
                    now.with(LimitChange.over(now.resources(), limits, swapApart)),
                    ContainerChange.Kind.UPDATED);
        } catch (ContainerRuntimeException e) {
            change.undo(e);
            throw e;
        } finally {
            container.transition.unlock();
        }
    }

    /// Not under the lock of its state: a limit near what is in use takes the kernel its time.
    private static Cgroup.Change change(LiveContainer container, ResourceLimits limits) {
        try {
            return container.cgroup.update(limits);
        } catch (KernelFaultException e) {
            // Its group goes with it.
            throw container.hasEnded() ? ended(container.id) : e;
        }
    }

    private static FailedPreconditionException ended(String id) {
        return new FailedPreconditionException(
                "container %s has ended: its limits cannot be changed".formatted(id));
    }

    /// Makes the log anew at its path, after somebody renamed the old file.
    ///
    /// @throws FailedPreconditionException unless it runs
    public void reopenLog(String id) {
        running(id)
                .ask(shim -> {
                    shim.reopenLog();
                    return id;
                });
    }

    /// Bytes of its output that could not be logged, since the disk was full or failed.
    public long droppedLogBytes(String id) {
        table.get(id);
        LiveContainer container = live.get(id);
        try {
            return container == null
                    ? ExitRecord.read(settings.layout().exitRecord(id))
                            .map(ExitRecord::droppedLogBytes)
                            .orElse(0L)
                    : container.shim.status(STATUS_WAIT).droppedLogBytes();
        } catch (IOException | UnavailableException | DeadlineExceededException _) {
            // It ends at this moment and its record is about to be written, or it is stopped.
            return 0;
        }
    }

    /// Joins the streams of its process from now on; what was printed before is in the log.
    ///
    /// @param stdin whether this client feeds standard input
    /// @throws FailedPreconditionException unless it runs
    public ProcessSession attach(String id, boolean stdin) {
        return running(id).ask(shim -> ShimStreams.of(shim, shim.attach(stdin)));
    }

    /// Takes up what an earlier process left; to be called once, after the sandboxes were.
    ///
    /// @param findings takes one sentence for each thing that was not as it should be
    public void recover(Consumer<String> findings) throws IOException {
        new ContainerRecovery(rooms, settings, states, ends)
                .recover(
                        new ContainerRecovery.Sink() {
                            @Override
                            public void seen(ContainerRecord record) {
                                creation.observe(record.createdAt());
                            }

                            @Override
                            public void alive(LiveContainer container) {
                                live.put(container.id, container);
                                watch(container);
                            }

                            @Override
                            public void silent(LiveContainer container) {
                                alive(container);
                                Thread.ofVirtual()
                                        .name("find " + container.id)
                                        .start(() -> stops.awaitAnswer(container));
                            }

                            @Override
                            public void found(String sentence) {
                                findings.accept(sentence);
                            }
                        });
    }

    /// Breaks off the creation of containers of the sandbox, and waits until all is undone.
    void stopDrafts(String sandboxId, Duration limit) {
        drafts.stop(sandboxId, limit);
    }

    /// @throws NotFoundException when there is none of this id
    /// @throws FailedPreconditionException unless it runs
    LiveContainer running(String id) {
        Container container = table.get(id);
        LiveContainer alive = live.get(id);
        return switch (container.state()) {
            case Running _ when alive != null && !alive.hasEnded() -> alive;
            case Running _ ->
                    throw new FailedPreconditionException("container " + id + " has ended");
            case Created _, Exited _, Unknown _ ->
                    throw new FailedPreconditionException(
                            "container %s is %s, wanted running"
                                    .formatted(id, Transitions.describe(container.state())));
        };
    }

    /// @throws NotFoundException when there is none of this id
    public Container get(String id) {
        return table.get(id);
    }

    /// The one container whose id begins so.
    ///
    /// @throws InvalidArgumentException when several do
    public Optional<Container> find(String idPrefix) {
        return table.find(idPrefix);
    }

    /// All of them, oldest first.
    public List<Container> list() {
        return table.list();
    }

    /// Those of one sandbox, oldest first.
    public List<Container> of(String sandboxId) {
        return table.list(container -> container.spec().sandboxId().equals(sandboxId));
    }

    public Announcer<ContainerChange> changes() {
        return table.changes();
    }
}
