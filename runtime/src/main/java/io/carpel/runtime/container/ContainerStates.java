package io.carpel.runtime.container;

import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.store.FullDisk;
import io.carpel.runtime.store.ObjectTable;
import io.carpel.runtime.store.RecordStore;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The records of containers: changed in one place, written, then published, then announced.
///
/// The caller holds the container's transition lock.
final class ContainerStates {
    private static final Logger LOG = LoggerFactory.getLogger(ContainerStates.class);

    private final ObjectTable<Container, ContainerChange> table;
    private final RecordStore<ContainerRecord> store;
    private final Map<String, ContainerRecord> records = new ConcurrentHashMap<>();

    ContainerStates(
            ObjectTable<Container, ContainerChange> table, RecordStore<ContainerRecord> store) {
        this.table = table;
        this.store = store;
    }

    ContainerRecord get(String id) {
        ContainerRecord record = records.get(id);
        if (record == null) {
            throw new NotFoundException("container " + id + " does not exist");
        }
        return record;
    }

    Optional<ContainerRecord> find(String id) {
        return Optional.ofNullable(records.get(id));
    }

    /// Takes up a record that is on disk already.
    void add(ContainerRecord record) {
        records.put(record.spec().id(), record);
        table.publish(record.snapshot());
    }

    /// Changes the state; nothing is written or told when it stays as it was. That it could not be
    /// written is logged only: what has happened has happened, and shim and exit record tell a
    /// later process the same.
    void change(String id, ContainerChange.Kind kind, UnaryOperator<ContainerState> transition) {
        ContainerRecord before = records.get(id);
        if (before == null) {
            return;
        }
        ContainerState next = transition.apply(before.state());
        if (next.equals(before.state())) {
            return;
        }
        ContainerRecord after = before.with(next);
        try {
            store.put(id, after);
        } catch (IOException e) {
            LOG.warn("container {}: its new state could not be written down", id, e);
        }
        publish(after, kind);
    }

    /// Writes the record, or fails and leaves everything as it was.
    void replace(ContainerRecord record, ContainerChange.Kind kind) {
        String id = record.spec().id();
        try {
            store.put(id, record);
        } catch (IOException e) {
            throw FullDisk.failure(
                    "container %s: could not write its record: %s".formatted(id, e.getMessage()),
                    e);
        }
        publish(record, kind);
    }

    private void publish(ContainerRecord record, ContainerChange.Kind kind) {
        records.put(record.spec().id(), record);
        Container snapshot = record.snapshot();
        table.publish(snapshot);
        table.changes().announce(new ContainerChange(kind, snapshot));
    }

    /// Forgets it; the caller has removed the files.
    void drop(String id) {
        records.remove(id);
        table.remove(id);
    }
}
