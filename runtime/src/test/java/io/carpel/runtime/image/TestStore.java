package io.carpel.runtime.image;

import io.carpel.runtime.image.registry.RegistrySettings;
import io.carpel.runtime.linux.FileCalls;
import io.carpel.runtime.linux.LinuxFileCalls;
import io.carpel.runtime.work.WorkBoard;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// A store with a puller, configured by files below one directory only.
///
/// @param root `images`, `registries.conf`, `auth.json` and `certs.d` lie here
record TestStore(Path root, ImageStore store, ImagePuller puller) implements AutoCloseable {
    static TestStore open(Path root) {
        return open(root, new LinuxFileCalls());
    }

    static TestStore open(Path root, FileCalls files) {
        RegistrySettings settings =
                new RegistrySettings(
                        root.resolve("registries.conf"),
                        root.resolve("none"),
                        root.resolve("policy.json"),
                        List.of(root.resolve("auth.json")),
                        List.of(root.resolve("certs.d")),
                        Duration.ofSeconds(5),
                        Duration.ofSeconds(5),
                        2);
        ImageStore store =
                ImageStore.open(
                        root.resolve("images"),
                        new ImageSettings(
                                3, List.of(), ImageSettings.defaults().limits(), settings),
                        files,
                        Clock.systemUTC());
        return new TestStore(root, store, new ImagePuller(store, new WorkBoard(Clock.systemUTC())));
    }

    Image pull(String ref) {
        return puller.pull(PullRequest.of(ref));
    }

    Image pull(String ref, RegistryCredentials credentials) {
        return puller.pull(
                new PullRequest(
                        ref, Optional.of(credentials), PullProgress.NONE, new Cancellation()));
    }

    @Override
    public void close() {
        puller.close();
        store.close();
    }
}
