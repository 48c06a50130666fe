package io.carpel.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.FileCalls;
import io.carpel.runtime.linux.LinuxFileCalls;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Removing images, and what the store says it occupies.
@Timeout(120)
final class ImageRemovalIT {
    private static final FileCalls REAL = new LinuxFileCalls();

    @TempDir Path directory;
    private RegistryServer registry;

    @BeforeEach
    void start() throws IOException {
        registry = RegistryServer.start(directory.resolve("registry"));
    }

    @AfterEach
    void stop() {
        registry.close();
    }

    private String push(int count) {
        TestTar tar = new TestTar().dir("many", 0755);
        for (int i = 0; i < count; i++) {
            tar.file("many/file" + i, 0644, "content " + i);
        }
        tar.file("large", 0644, 0, 0, new byte[3_000_001], Map.of())
                .hardlink("same", "large")
                .symlink("link", "large");
        TestImage made = new TestImage().layer(tar, TestImage.Packing.GZIP);
        made.push(registry.address(), "app", "v1");
        return registry.address() + "/app:v1";
    }

    /// The real calls, but nothing is deleted before `go`.
    private static FileCalls heldBack(CountDownLatch go) {
        return (FileCalls)
                Proxy.newProxyInstance(
                        FileCalls.class.getClassLoader(),
                        new Class<?>[] {FileCalls.class},
                        (_, method, arguments) -> {
                            if (method.getName().equals("unlinkat")) {
                                assertThat(go.await(60, TimeUnit.SECONDS)).isTrue();
                            }
                            try {
                                return method.invoke(REAL, arguments);
                            } catch (InvocationTargetException e) {
                                throw e.getCause();
                            }
                        });
    }

    private boolean isEmpty(String name) {
        try (var entries = Files.list(directory.resolve("images").resolve(name))) {
            return entries.findAny().isEmpty();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void removingReturnsBeforeAnythingIsDeletedAndItsSpaceCountsUntilThen() {
        CountDownLatch go = new CountDownLatch(1);
        try (TestStore images = TestStore.open(directory, heldBack(go))) {
            long before = images.store().usage().bytes();
            Image image = images.pull(push(20));
            long with = images.store().usage().bytes();
            assertThat(with - before).isGreaterThan(3_000_000);

            assertThat(images.store().remove(image.id())).hasSize(2);

            assertThat(images.store().find(image.id())).isEmpty();
            assertThat(images.store().list()).isEmpty();
            assertThat(isEmpty("layers")).isTrue();
            assertThat(images.store().usage().bytes()).isBetween(with - 16_384, with);
            go.countDown();
            Await.until(() -> isEmpty("tmp"));
            Await.until(() -> images.store().usage().bytes() < before + 16_384);
        }
    }

    /// The real calls, but renames fail while `broken`.
    private static FileCalls withoutRenames(AtomicBoolean broken) {
        return (FileCalls)
                Proxy.newProxyInstance(
                        FileCalls.class.getClassLoader(),
                        new Class<?>[] {FileCalls.class},
                        (_, method, arguments) -> {
                            if (method.getName().equals("renameat2") && broken.get()) {
                                throw new ErrnoException("renameat2", "layer", Errno.ENOSPC);
                            }
                            try {
                                return method.invoke(REAL, arguments);
                            } catch (InvocationTargetException e) {
                                throw e.getCause();
                            }
                        });
    }

    @Test
    void aLayerThatCannotBeTakenAwayIsTriedAgainAndCountsUntilThen() {
        AtomicBoolean broken = new AtomicBoolean();
        try (TestStore images = TestStore.open(directory, withoutRenames(broken))) {
            String ref = push(1);
            Image image = images.pull(ref);
            broken.set(true);
            images.store().remove(image.id());
            assertThat(images.store().list()).isEmpty();
            assertThat(images.store().usage().bytes()).isGreaterThan(3_000_000);

            broken.set(false);
            assertThat(images.pull(ref)).isEqualTo(image);
            images.store().remove(image.id());
            Await.until(() -> images.store().usage().bytes() < 65_536);
            assertThat(isEmpty("layers")).isTrue();
        }
    }

    /// As after a kill: trees out of sight, a half-made layer, a file written aside.
    @Test
    void whatAnEarlierRunLeftIsDeletedWhileTheStoreIsInUse() throws IOException {
        CountDownLatch never = new CountDownLatch(1);
        TestStore first = TestStore.open(directory, heldBack(never));
        Image image = first.pull(push(20));
        first.store().remove(image.id());
        Path tmp = directory.resolve("images/tmp");
        Files.createDirectories(tmp.resolve("layer-1-abc/fs/usr"));
        Files.writeString(tmp.resolve("layer-1-abc/fs/usr/half"), "half");
        Files.writeString(tmp.resolve("blob-1"), "half");
        // `first` is left as it is, as a killed process leaves it.
        CountDownLatch go = new CountDownLatch(1);
        try (TestStore second = TestStore.open(directory, heldBack(go))) {
            assertThat(second.store().list()).isEmpty();
            assertThat(second.store().usage().bytes()).isGreaterThan(3_000_000);
            assertThat(second.pull(registry.address() + "/app:v1").id()).isEqualTo(image.id());
            go.countDown();
            Await.until(() -> isEmpty("tmp"));
            Await.until(() -> second.store().usage().bytes() < 2 * 3_000_000);
            assertThat(second.store().find(image.id())).isPresent();
        } finally {
            never.countDown();
            first.close();
        }
    }

    /// Another process removes an image and is killed before anything of it is deleted.
    static final class Remover {
        private Remover() {}

        public static void main(String[] arguments) throws Exception {
            CountDownLatch never = new CountDownLatch(1);
            TestStore images = TestStore.open(Path.of(arguments[0]), heldBack(never));
            images.store().remove(arguments[1]);
            System.out.println("removed " + images.store().list().size());
            never.await();
        }
    }

    @Test
    void aKilledProcessLeavesNothingForGood() throws Exception {
        String id;
        try (TestStore images = TestStore.open(directory)) {
            id = images.pull(push(20)).id();
        }
        Process remover =
                new ProcessBuilder(
                                ProcessHandle.current().info().command().orElse("java"),
                                "-cp",
                                System.getProperty("java.class.path"),
                                Remover.class.getName(),
                                directory.toString(),
                                id)
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        try (var answer = remover.inputReader()) {
            assertThat(answer.readLine()).isEqualTo("removed 0");
        } finally {
            remover.destroyForcibly().waitFor();
        }
        assertThat(isEmpty("tmp")).isFalse();
        try (TestStore images = TestStore.open(directory)) {
            assertThat(images.store().list()).isEmpty();
            Await.until(() -> isEmpty("tmp"));
            Await.until(() -> images.store().usage().bytes() < 65_536);
            assertThat(isEmpty("layers")).isTrue();
        }
    }

    @Test
    void usageIsWhatTheDiskSays() throws IOException {
        try (TestStore images = TestStore.open(directory)) {
            images.pull(push(1500));
            long[] disk = disk(directory.resolve("images"));
            ImageUsage usage = images.store().usage();
            assertThat(usage.bytes()).isBetween(disk[0] - 65_536, disk[0] + 65_536);
            assertThat(usage.inodes()).isBetween(disk[1] - 4, disk[1] + 4);
        }
    }

    /// Bytes allocated and inodes, each inode once.
    private static long[] disk(Path root) throws IOException {
        Map<Object, Long> sizes = new HashMap<>();
        List<Path> all;
        try (var tree = Files.walk(root)) {
            all = tree.toList();
        }
        try (var holder = REAL.open(root.toString(), FileCalls.O_RDONLY, 0)) {
            for (Path path : all) {
                if (path.equals(root)) {
                    sizes.put("root", 4096L);
                    continue;
                }
                FileCalls.Stat stat = REAL.fstatat(holder, root.relativize(path).toString());
                sizes.put(
                        Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS),
                        stat.blocks() * 512);
            }
        }
        return new long[] {sizes.values().stream().mapToLong(Long::longValue).sum(), sizes.size()};
    }
}
