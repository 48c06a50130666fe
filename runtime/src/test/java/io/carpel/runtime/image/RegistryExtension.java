package io.carpel.runtime.image;

import io.carpel.runtime.store.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// For each test a registry, a proxy before it that fails by script, and a store that pulls; all
/// below one directory, which goes with them.
final class RegistryExtension implements BeforeEachCallback, AfterEachCallback {
    private @Nullable Running running;

    private record Running(
            Path directory, RegistryServer registry, FaultyProxy proxy, TestStore images)
            implements AutoCloseable {
        static Running start() throws IOException {
            Path directory = Files.createTempDirectory("carpel-registry-");
            return start(directory, RegistryServer.start(directory.resolve("registry")));
        }

        static Running start(Path directory, RegistryServer registry) throws IOException {
            return new Running(
                    directory,
                    registry,
                    new FaultyProxy(registry.address()),
                    TestStore.open(directory));
        }

        void stop() throws IOException {
            images.close();
            proxy.close();
            registry.close();
        }

        @Override
        public void close() throws IOException {
            stop();
            Trees.remove(directory);
        }
    }

    @Override
    public void beforeEach(ExtensionContext context) throws IOException {
        running = Running.start();
    }

    @Override
    public void afterEach(ExtensionContext context) throws IOException {
        Running ending = running;
        if (ending != null) {
            ending.close();
        }
    }

    private Running running() {
        Running now = running;
        if (now == null) {
            throw new IllegalStateException("no test runs");
        }
        return now;
    }

    /// The registry again, with the same content.
    ///
    /// @param more of its configuration, as for [RegistryServer#start]
    void restart(String more) throws IOException {
        Running before = running();
        before.stop();
        running =
                Running.start(
                        before.directory(),
                        RegistryServer.start(before.directory().resolve("registry"), more));
    }

    /// Where the store has its configuration and its images.
    Path directory() {
        return running().directory();
    }

    /// The registry's own address.
    String address() {
        return running().registry().address();
    }

    FaultyProxy proxy() {
        return running().proxy();
    }

    TestStore images() {
        return running().images();
    }
}
