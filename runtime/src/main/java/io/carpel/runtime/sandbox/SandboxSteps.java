package io.carpel.runtime.sandbox;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.lifecycle.Step;
import io.carpel.runtime.namespace.PodNamespaces;
import io.carpel.runtime.namespace.PodNamespacesRequest;
import io.carpel.runtime.namespace.Sysctls;
import io.carpel.runtime.network.NetworkRequest;
import io.carpel.runtime.sandbox.SandboxRecord.Phase;
import io.carpel.runtime.spec.Printable;
import io.carpel.runtime.store.StateLayout;
import io.carpel.runtime.store.Trees;
import io.carpel.runtime.work.Subject;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// How a sandbox is made, step by step. Each step registers how it is undone; the network's undo is
/// registered before the attach, which can leave something behind even when it fails.
final class SandboxSteps {
    private final SandboxRooms rooms;
    private final StateLayout layout;
    private final SandboxFiles files;
    private final Clock clock;
    private final SandboxSettings settings;

    SandboxSteps(SandboxRooms rooms, SandboxSettings settings, Clock clock) {
        this.rooms = rooms;
        this.layout = settings.layout();
        this.files = new SandboxFiles(settings.etc());
        this.clock = clock;
        this.settings = settings;
    }

    List<Step<SandboxDraft>> list() {
        return List.of(
                new Step<>("check the request", this::check),
                new Step<>("write the record", this::writeRecord),
                new Step<>("make the namespaces", this::makeNamespaces),
                new Step<>("attach the network", this::attachNetwork),
                new Step<>("write its files", this::writeFiles),
                new Step<>("make the log directory", this::makeLogDirectory),
                new Step<>("write down that it is ready", this::complete));
    }

    private void check(SandboxDraft draft) throws IOException {
        SandboxSettings.checkId("sandbox", draft.spec.id());
        draft.hostname = SandboxFiles.hostname(draft.spec);
        draft.spec.logDirectory().ifPresent(SandboxSteps::checkLogDirectory);
    }

    private static void checkLogDirectory(Path directory) {
        if (!directory.isAbsolute() || !directory.equals(directory.normalize())) {
            throw new InvalidArgumentException(
                    "log directory '%s' is not a plain absolute path".formatted(directory));
        }
    }

    private void writeRecord(SandboxDraft draft) throws IOException {
        String id = draft.spec.id();
        Path directory = layout.sandbox(id);
        draft.undo.add(() -> Trees.remove(directory));
        Trees.makePrivate(directory);
        Instant now = clock.instant();
        rooms.records()
                .put(id, draft.record(Phase.MAKING, new SandboxState.NotReady(now, "being made")));
    }

    private Optional<String> label(SandboxDraft draft) {
        return rooms.selinux().files(draft.spec.label());
    }

    private void makeNamespaces(SandboxDraft draft) {
        String id = draft.spec.id();
        boolean ownUts = draft.ownNetwork();
        PodNamespaces.Created created =
                draft.undo.add(
                        rooms.namespaces()
                                .create(
                                        new PodNamespacesRequest(
                                                id,
                                                draft.spec.namespaces(),
                                                ownUts ? draft.hostname : "",
                                                Sysctls.over(
                                                        settings.sysctls(),
                                                        draft.spec.sysctls(),
                                                        draft.spec.namespaces()),
                                                layout.sandboxPins(id),
                                                draft.netnsFile,
                                                layout.sandboxShm(id),
                                                draft.spec.shmSize().orElse(settings.shmSize()),
                                                label(draft),
                                                layout.helperSocket(id),
                                                settings.helpers())),
                        c -> rooms.namespaces().remove(c.pins(), c.shm(), c.reaper()));
        draft.pins = created.pins();
        draft.shm = created.shm();
        draft.reaper = created.reaper();
    }

    private void attachNetwork(SandboxDraft draft) {
        if (draft.ownNetwork()) {
            NetworkRequest request = NetworkRequest.of(draft.spec, draft.netnsFile);
            draft.undo.add(
                    rooms.work()
                            .janitor()
                            .undo(
                                    Subject.sandbox(draft.spec.id()),
                                    "detach the network",
                                    () -> rooms.network().detach(request)));
            draft.addresses = rooms.network().attach(request).addresses();
        }
    }

    private void writeFiles(SandboxDraft draft) throws IOException {
        Path directory = layout.sandboxFiles(draft.spec.id());
        draft.undo.add(() -> rooms.namespaces().unmountFiles(directory));
        rooms.namespaces().mountFiles(directory, SandboxFiles.ROOM, label(draft));
        files.write(
                directory,
                draft.hostname,
                draft.spec.dns(),
                !draft.ownNetwork(),
                draft.addresses.stream().findFirst());
    }

    private void makeLogDirectory(SandboxDraft draft) throws IOException {
        Optional<Path> directory = draft.spec.logDirectory();
        if (directory.isPresent()) {
            String place = "log directory " + Printable.of(directory.get().toString());
            rooms.work()
                    .slow()
                    .call(spot -> {
                        spot.at(place);
                        // The caller's, who may already have files in it: stays if a step fails.
                        Trees.makeReadable(directory.get());
                        return place;
                    });
        }
    }

    private void complete(SandboxDraft draft) throws IOException {
        draft.readySince = clock.instant();
        rooms.records().put(draft.spec.id(), draft.made());
    }
}
