package io.carpel.runtime.container;

import io.carpel.runtime.launch.ResolvedProcess;
import io.carpel.runtime.store.AtomicFile;
import io.carpel.runtime.store.StateLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.ObjectMapper;

/// Keeps how a container's process runs, so that an exec after a restart of this process gets the
/// same credentials and filter. Written once; apart from the record, which is written often.
final class ProcessStore {
    private final StateLayout layout;
    private final ObjectMapper mapper;

    ProcessStore(StateLayout layout, ObjectMapper mapper) {
        this.layout = layout;
        this.mapper = mapper;
    }

    void put(String id, ResolvedProcess process) throws IOException {
        AtomicFile.write(file(id), mapper.writeValueAsBytes(process), 0600);
    }

    ResolvedProcess get(String id) throws IOException {
        try {
            return mapper.readValue(Files.readAllBytes(file(id)), ResolvedProcess.class);
        } catch (JacksonException e) {
            throw new IOException("process of container " + id + ": " + e.getMessage(), e);
        }
    }

    private Path file(String id) {
        return layout.container(id).resolve("process.json");
    }
}
