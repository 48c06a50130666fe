package io.carpel.runtime.container;

import io.carpel.runtime.cgroup.Cgroup;
import io.carpel.runtime.container.ContainerState.Created;
import io.carpel.runtime.container.ContainerState.Exited;
import io.carpel.runtime.container.ContainerState.Running;
import io.carpel.runtime.container.ContainerState.Unknown;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.DeadlineExceededException;
import io.carpel.runtime.error.UnavailableException;
import io.carpel.runtime.launch.ExitRecord;
import io.carpel.runtime.launch.ShimConnection;
import io.carpel.runtime.launch.ShimStatus;
import io.carpel.runtime.store.RecordStore;
import io.carpel.runtime.store.StateLayout;
import io.carpel.runtime.store.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;

/// Finds the containers that an earlier process of this runtime has left.
///
/// What it assumes: a shim listens at its socket as long as its container lives, though it may
/// hang; when it does not, the exit record tells the end; when there is none either, shim and
/// container were killed, and whatever is left in the cgroup is killed too. The record is older
/// than the shim's word, never newer.
final class ContainerRecovery {
    private static final Duration KILL_LIMIT = Duration.ofSeconds(10);

    private final ContainerRooms rooms;
    private final StateLayout layout;
    private final ContainerStates states;
    private final ContainerEnds ends;

    /// Where findings go.
    interface Sink {
        void seen(ContainerRecord record);

        void alive(LiveContainer container);

        /// Its shim is there and does not answer.
        void silent(LiveContainer container);

        void found(String sentence);
    }

    ContainerRecovery(
            ContainerRooms rooms,
            ContainerSettings settings,
            ContainerStates states,
            ContainerEnds ends) {
        this.rooms = rooms;
        this.layout = settings.layout();
        this.states = states;
        this.ends = ends;
    }

    void recover(Sink sink) throws IOException {
        RecordStore.Loaded<ContainerRecord> loaded = rooms.records().loadAll();
        for (Map.Entry<String, String> broken : loaded.broken().entrySet()) {
            rooms.records().setAside(broken.getKey(), layout.setAside());
            sink.found(
                    "container %s: its record was set aside: %s"
                            .formatted(broken.getKey(), broken.getValue()));
            tolerate(broken.getKey(), sink, () -> takeApart(broken.getKey(), Optional.empty()));
        }
        for (String id : loaded.without()) {
            sink.found("container %s has no record: taken apart".formatted(id));
            tolerate(id, sink, () -> takeApart(id, Optional.empty()));
        }
        // All at once: those that hang must not add up.
        Map<String, Contact> contacts = new ConcurrentHashMap<>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            loaded.records()
                    .keySet()
                    .forEach(id -> threads.execute(() -> contacts.put(id, contact(id))));
        }
        for (ContainerRecord record : loaded.records().values()) {
            String id = record.spec().id();
            Contact contact = contacts.getOrDefault(id, new Contact.Gone());
            tolerate(id, sink, () -> restore(record, contact, sink));
        }
        sweepWritableLayers(sink);
    }

    @FunctionalInterface
    private interface Work {
        void run() throws IOException;
    }

    /// One container that cannot be recovered must not keep the others from it.
    private static void tolerate(String id, Sink sink, Work work) {
        try {
            work.run();
        } catch (IOException | ContainerRuntimeException e) {
            sink.found("container %s: %s".formatted(id, e.getMessage()));
        }
    }

    /// What became of a shim.
    private sealed interface Contact {
        record Alive(ShimConnection shim, ShimStatus status) implements Contact {}

        /// It is there, and does not answer.
        record Silent(String why) implements Contact {}

        record Gone() implements Contact {}
    }

    private Contact contact(String id) {
        try {
            ShimConnection shim =
                    rooms.launcher().connect(id, layout.shimSocket(id), layout.exitRecord(id));
            return new Contact.Alive(shim, shim.status());
        } catch (UnavailableException _) {
            return new Contact.Gone();
        } catch (ContainerRuntimeException e) {
            return new Contact.Silent(String.valueOf(e.getMessage()));
        }
    }

    private void restore(ContainerRecord record, Contact contact, Sink sink) throws IOException {
        String id = record.spec().id();
        sink.seen(record);
        if (record.phase() == ContainerRecord.Phase.MAKING) {
            sink.found("container %s was half made: taken apart".formatted(id));
            takeApart(id, Optional.of(record.cgroup()));
            return;
        }
        states.add(record);
        rooms.policy().selinux().claim(id, record.spec().security().selinux().level());
        leaseAgain(record, sink);
        switch (record.state()) {
            case Created _, Running _, Unknown _ -> reconnect(record, contact, sink);
            case Exited _ -> {
                // Its end is known already, and nothing of it runs.
            }
        }
    }

    /// Leases are not written down: whoever needs an image says so again.
    private void leaseAgain(ContainerRecord record, Sink sink) {
        String id = record.spec().id();
        for (String image : images(record)) {
            try {
                rooms.images().lease(image, id);
            } catch (ContainerRuntimeException e) {
                rooms.images().leaseLost(image, id);
                sink.found("container %s: %s".formatted(id, e.getMessage()));
            }
        }
    }

    private static List<String> images(ContainerRecord record) {
        var all = new java.util.ArrayList<>(record.imageVolumes());
        all.add(record.image().id());
        return all;
    }

    private void reconnect(ContainerRecord record, Contact contact, Sink sink) {
        String id = record.spec().id();
        Cgroup cgroup = rooms.cgroups().reopen(record.cgroup());
        switch (contact) {
            case Contact.Gone _ -> settle(id, cgroup, sink);
            case Contact.Silent(String why) -> {
                // Neither its state nor its end can be known. Whoever stops it kills it by its
                // cgroup.
                sink.found("container %s: %s".formatted(id, why));
                ShimConnection shim =
                        rooms.launcher()
                                .assume(
                                        id,
                                        layout.shimSocket(id),
                                        layout.exitRecord(id),
                                        pid(record.state()));
                states.change(id, ContainerChange.Kind.UPDATED, s -> Transitions.onLost(s, why));
                sink.silent(live(record, shim, cgroup));
            }
            case Contact.Alive(ShimConnection shim, ShimStatus status) -> {
                states.change(
                        id,
                        status.startedAt().isPresent()
                                ? ContainerChange.Kind.STARTED
                                : ContainerChange.Kind.UPDATED,
                        s -> Transitions.onFound(s, shim.pid(), status.startedAt()));
                sink.alive(live(record, shim, cgroup));
            }
        }
    }

    private static int pid(ContainerState state) {
        return switch (state) {
            case Created(int pid) -> pid;
            case Running(int pid, var _) -> pid;
            case Exited _, Unknown _ -> 0;
        };
    }

    private LiveContainer live(ContainerRecord record, ShimConnection shim, Cgroup cgroup) {
        String id = record.spec().id();
        return new LiveContainer(
                id, record.spec().pid(), shim, cgroup, new KeptProcess(rooms.processes(), id));
    }

    /// The shim has gone: the record it left, or none, is the truth.
    private void settle(String id, Cgroup cgroup, Sink sink) {
        cgroup.killAll();
        Optional<ExitRecord> exit = exitRecord(id, sink);
        states.change(
                id,
                ContainerChange.Kind.STOPPED,
                before ->
                        exit.map(e -> ContainerEnds.exited(before, e))
                                .orElseGet(() ->
                                        ends.lost(
                                                before,
                                                "its shim went away without an exit record")));
        cgroup.remove();
    }

    /// One that cannot be read is as good as none: the container has ended all the same.
    private Optional<ExitRecord> exitRecord(String id, Sink sink) {
        try {
            Optional<ExitRecord> exit = ExitRecord.read(layout.exitRecord(id));
            if (exit.isEmpty()) {
                sink.found("container %s: its shim has gone without an exit record".formatted(id));
            }
            return exit;
        } catch (IOException e) {
            sink.found("container %s: %s".formatted(id, e.getMessage()));
            return Optional.empty();
        }
    }

    /// Ends and removes what cannot be taken up.
    ///
    /// @param cgroup where it was to be; looked for when not known
    private void takeApart(String id, Optional<String> cgroup) throws IOException {
        if (!id.matches("[0-9a-f]{64}")) {
            Trees.remove(layout.containers().resolve(id));
            return;
        }
        try {
            rooms.launcher()
                    .connect(id, layout.shimSocket(id), layout.exitRecord(id))
                    .kill(KILL_LIMIT);
        } catch (UnavailableException | DeadlineExceededException _) {
            // None was launched, it has gone, or it hangs: what is in the cgroup is killed there.
        }
        cgroup.or(() -> rooms.cgroups().find(id))
                .ifPresent(path -> rooms.cgroups().reopen(path).remove());
        ContainerManager.removeFiles(layout, rooms.trash(), id);
    }

    /// Writable layers outlive a reboot, records do not.
    private void sweepWritableLayers(Sink sink) throws IOException {
        try (var entries = Files.newDirectoryStream(layout.writableLayers())) {
            for (Path entry : entries) {
                if (states.find(entry.getFileName().toString()).isEmpty()) {
                    rooms.trash().remove(entry);
                    sink.found("writable layer %s belongs to nobody: removed".formatted(entry));
                }
            }
        } catch (NoSuchFileException _) {
            // Nothing was ever created here.
        }
    }
}
