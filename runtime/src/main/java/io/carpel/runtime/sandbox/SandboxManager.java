package io.carpel.runtime.sandbox;

import io.carpel.runtime.error.AlreadyExistsException;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.lifecycle.Rollback;
import io.carpel.runtime.lifecycle.Step;
import io.carpel.runtime.namespace.IdRangePool;
import io.carpel.runtime.network.NetworkRequest;
import io.carpel.runtime.sandbox.SandboxRecord.Holding;
import io.carpel.runtime.spec.Bytes;
import io.carpel.runtime.spec.SandboxSpec;
import io.carpel.runtime.spec.SelinuxSpec;
import io.carpel.runtime.store.Announcer;
import io.carpel.runtime.store.CreationClock;
import io.carpel.runtime.store.ObjectTable;
import io.carpel.runtime.store.RecordStore;
import io.carpel.runtime.store.Trees;
import io.carpel.runtime.work.Subject;
import io.carpel.runtime.work.Turns;
import io.carpel.runtime.work.Work;
import io.carpel.runtime.work.WorkRoom;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs, stops and removes sandboxes.
///
/// One lock for each sandbox: a call on one that hangs waits, and nobody else does. Reading takes
/// no lock.
public final class SandboxManager {
    private static final Logger LOG = LoggerFactory.getLogger(SandboxManager.class);

    /// Longer than a network plugin may take, shorter than callers wait.
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    private final ObjectTable<Sandbox, SandboxChange> table;
    private final SandboxRooms rooms;
    private final SandboxSettings settings;
    private final List<Step<SandboxDraft>> steps;
    private final PodDialer dialer;
    private final CreationClock creation;
    private final Clock clock;
    private final Turns turns;
    private final Map<String, SandboxRecord> records = new ConcurrentHashMap<>();

    /// @param containers who knows the containers of a sandbox
    public static SandboxManager open(
            ObjectTable<Sandbox, SandboxChange> table,
            SandboxSettings settings,
            SandboxKernel kernel,
            SandboxContainers containers,
            WorkRoom work) {
        Clock clock = Clock.systemUTC();
        SandboxRooms rooms =
                new SandboxRooms(
                        kernel.namespaces(),
                        IdRangePool.host(),
                        kernel.selinux(),
                        kernel.network(),
                        new RecordStore<>(
                                settings.layout().sandboxes(),
                                SandboxRecord.class,
                                SandboxRecord.VERSION,
                                RecordStore.mapper()),
                        containers,
                        work);
        List<Step<SandboxDraft>> steps = new SandboxSteps(rooms, settings, clock).list();
        return new SandboxManager(table, rooms, settings, steps, clock);
    }

    SandboxManager(
            ObjectTable<Sandbox, SandboxChange> table,
            SandboxRooms rooms,
            SandboxSettings settings,
            List<Step<SandboxDraft>> steps,
            Clock clock) {
        this.table = table;
        this.rooms = rooms;
        this.settings = settings;
        this.steps = List.copyOf(steps);
        this.clock = clock;
        this.dialer = new PodDialer(rooms.namespaces());
        this.creation = new CreationClock(clock);
        this.turns = new Turns(rooms.work().board(), "sandbox", PATIENCE);
    }

    /// Makes a sandbox and returns it ready. On any failure nothing of it is left.
    ///
    /// @throws InvalidArgumentException when the spec asks for what cannot be
    /// @throws AlreadyExistsException when there is one of this id
    public Sandbox run(SandboxSpec spec) {
        String id = spec.id();
        return turns.call(
                Subject.sandbox(id),
                "run",
                work -> {
                    if (table.exists(id)) {
                        throw new AlreadyExistsException("sandbox " + id + " exists");
                    }
                    Sandbox made = make(spec, work);
                    announce(SandboxChange.Kind.READY, made);
                    return made;
                });
    }

    private void announce(SandboxChange.Kind kind, Sandbox sandbox) {
        table.changes().announce(new SandboxChange(kind, sandbox));
    }

    private Sandbox make(SandboxSpec spec, Work work) {
        try (var undo = new Rollback()) {
            SandboxSpec settled = chooseLevel(chooseIds(spec, undo), undo);
            SandboxDraft draft = new SandboxDraft(settled, undo, creation.next(), settings);
            work.make(steps, draft);
            SandboxRecord record = draft.made();
            records.put(spec.id(), record);
            Sandbox made = record.snapshot();
            table.publish(made);
            undo.commit();
            return made;
        }
    }

    /// Whatever ids a sandbox has, no other one is given them meanwhile.
    private SandboxSpec chooseIds(SandboxSpec spec, Rollback undo) {
        String id = spec.id();
        undo.add(() -> rooms.ids().release(id));
        if (spec.namespaces().user().isPresent()) {
            rooms.ids().claim(id, spec.namespaces().user().get());
            return spec;
        }
        return spec.remap().isEmpty() ? spec : spec.with(rooms.ids().take(id, spec.remap().get()));
    }

    private SandboxSpec chooseLevel(SandboxSpec spec, Rollback undo) {
        undo.add(() -> rooms.selinux().release(spec.id()));
        SelinuxSpec settled = rooms.selinux().reserve(spec.id(), spec.label());
        return settled.isEmpty() ? spec : spec.with(settled);
    }

    /// Kills its containers and takes down what it holds; it stays listed as not ready. A sandbox
    /// that is stopped or unknown is already stopped.
    public void stop(String id) {
        if (!table.exists(id)) {
            return;
        }
        turns.run(Subject.sandbox(id), "stop", work -> stopLocked(id, work));
    }

    /// Stops it if needed, removes its containers and every trace. An unknown one is already
    /// removed.
    public void remove(String id) {
        if (!table.exists(id)) {
            return;
        }
        turns.run(Subject.sandbox(id), "remove", work -> removeLocked(id, work));
    }

    private void removeLocked(String id, Work work) {
        if (!table.exists(id)) {
            return;
        }
        stopLocked(id, work);
        work.at("remove its containers");
        rooms.containers().removeAll(id);
        work.at("remove its files");
        removeDirectory(id);
        records.remove(id);
        rooms.ids().release(id);
        rooms.selinux().release(id);
        table.remove(id).ifPresent(s -> announce(SandboxChange.Kind.REMOVED, s));
    }

    private void stopLocked(String id, Work work) {
        SandboxRecord record = records.get(id);
        if (record == null) {
            return;
        }
        if (record.state() instanceof SandboxState.Ready) {
            record = markNotReady(record, "it was stopped");
        }
        work.at("stop its containers");
        rooms.containers().stopAll(id);
        release(record, work);
    }

    /// Takes down what the record holds, and writes down what is left after each step.
    private void release(SandboxRecord record, Work work) {
        String id = record.spec().id();
        SandboxRecord now = record;
        if (now.holds(Holding.NETWORK)) {
            work.at("detach the network");
            rooms.network().detach(NetworkRequest.of(now.spec(), now.netnsFile()));
            now = now.without(Holding.NETWORK);
            // In memory only: should this process die now, a second detach does no harm.
            records.put(id, now);
        }
        if (now.holds(Holding.NAMESPACES)) {
            work.at("take down its namespaces");
            rooms.namespaces().remove(now.pins(), now.shm(), now.reaper());
            rooms.namespaces().unmountFiles(settings.layout().sandboxFiles(id));
            now = now.without(Holding.NAMESPACES);
            tryToWrite(now);
        }
    }

    private SandboxRecord markNotReady(SandboxRecord record, String why) {
        SandboxRecord next = record.with(new SandboxState.NotReady(clock.instant(), why));
        tryToWrite(next);
        Sandbox snapshot = next.snapshot();
        table.publish(snapshot);
        announce(SandboxChange.Kind.STOPPED, snapshot);
        return next;
    }

    /// On the way down a full disk must not keep what would make room. A later process that reads
    /// the older record finds out by itself that the namespaces are gone.
    private void tryToWrite(SandboxRecord record) {
        try {
            write(record);
        } catch (ContainerRuntimeException e) {
            LOG.warn("its new state could not be written down: {}", e.getMessage());
            records.put(record.spec().id(), record);
        }
    }

    private void write(SandboxRecord record) {
        String id = record.spec().id();
        try {
            rooms.records().put(id, record);
        } catch (IOException e) {
            throw Subject.sandbox(id).failed("write its record", e);
        }
        records.put(id, record);
    }

    private void removeDirectory(String id) {
        try {
            Trees.remove(settings.layout().sandbox(id));
        } catch (IOException e) {
            throw Subject.sandbox(id).failed("remove its files", e);
        }
    }

    /// Puts down bytes of the caller beside the sandbox, in place of those before.
    ///
    /// @throws NotFoundException when there is none of this id
    public void note(String id, Bytes bytes) {
        table.get(id);
        try (var _ = turns.take(id)) {
            SandboxRecord record = records.get(id);
            if (record == null) {
                throw new NotFoundException("sandbox " + id + " does not exist");
            }
            SandboxRecord next = record.with(bytes);
            write(next);
            table.publish(next.snapshot());
        }
    }

    /// Looks whether what holds the sandbox's namespaces still lives, and marks it not ready if
    /// not.
    public void check(String id) {
        SandboxRecord seen = records.get(id);
        if (seen == null || !(seen.state() instanceof SandboxState.Ready) || holderLives(seen)) {
            return;
        }
        try (var _ = turns.take(id)) {
            SandboxRecord record = records.get(id);
            if (record != null
                    && record.state() instanceof SandboxState.Ready
                    && !holderLives(record)) {
                markNotReady(record, "the first process of its pid namespace has ended");
            }
        }
    }

    /// [#check] for all whose namespaces are held by a process.
    public void checkAll() {
        for (SandboxRecord record : records.values()) {
            if (record.reaper().isPresent()) {
                check(record.spec().id());
            }
        }
    }

    private static boolean holderLives(SandboxRecord record) {
        return record.reaper().isEmpty() || record.reaper().get().alive();
    }

    /// Takes up what an earlier process left; to be called once, before anything else.
    ///
    /// @param findings takes one sentence for each thing that was not as it should be
    public void recover(Consumer<String> findings) throws IOException {
        RecordStore.Loaded<SandboxRecord> loaded = rooms.records().loadAll();
        for (Map.Entry<String, String> broken : loaded.broken().entrySet()) {
            rooms.records().setAside(broken.getKey(), settings.layout().setAside());
            findings.accept(
                    "sandbox %s: its record was set aside: %s"
                            .formatted(broken.getKey(), broken.getValue()));
        }
        for (SandboxRecord record : loaded.records().values()) {
            try {
                restore(record, findings);
            } catch (ContainerRuntimeException e) {
                findings.accept("sandbox %s: %s".formatted(record.spec().id(), e.getMessage()));
            }
        }
    }

    private void restore(SandboxRecord record, Consumer<String> findings) {
        String id = record.spec().id();
        creation.observe(record.createdAt());
        if (record.phase() == SandboxRecord.Phase.MAKING) {
            findings.accept("sandbox %s was half made: taken apart".formatted(id));
            // Its network is left to whoever sweeps those of sandboxes that are no more: a plugin
            // that hung then may hang now, and nothing is answered before recovery has ended.
            takeApart(record.without(Holding.NETWORK));
            return;
        }
        records.put(id, record);
        record.spec().namespaces().user().ifPresent(maps -> rooms.ids().claim(id, maps));
        rooms.selinux().claim(id, record.spec().label().level());
        table.publish(record.snapshot());
        boolean ready = record.state() instanceof SandboxState.Ready;
        if (ready && !(rooms.namespaces().alive(record.pins()) && holderLives(record))) {
            findings.accept("sandbox %s: its namespaces are gone".formatted(id));
            markNotReady(record, "its namespaces are gone");
        }
    }

    /// Nobody knows of it and nobody will remove it: what does not let go now is asked again later.
    private void takeApart(SandboxRecord record) {
        String id = record.spec().id();
        try (var undo = new Rollback()) {
            undo.add(
                    rooms.work()
                            .janitor()
                            .undo(
                                    Subject.sandbox(id),
                                    "take apart what was half made",
                                    () -> discard(record)));
        }
    }

    private void discard(SandboxRecord record) {
        String id = record.spec().id();
        try {
            rooms.work().board().run(Subject.sandbox(id), "recover", work -> release(record, work));
            removeDirectory(id);
        } finally {
            records.remove(id);
        }
    }

    /// @throws NotFoundException when there is none of this id
    public Sandbox get(String id) {
        return table.get(id);
    }

    /// The one sandbox whose id begins so.
    ///
    /// @throws InvalidArgumentException when several do
    public Optional<Sandbox> find(String idPrefix) {
        return table.find(idPrefix);
    }

    /// Connects to a port that a process of the sandbox listens on at its loopback.
    ///
    /// @throws io.carpel.runtime.error.UnavailableException when nothing listens
    public SocketChannel dial(String id, int port) {
        return dialer.dial(table.get(id).requireReady(), port);
    }

    /// All of them, oldest first.
    public List<Sandbox> list() {
        return table.list();
    }

    public Announcer<SandboxChange> changes() {
        return table.changes();
    }
}
