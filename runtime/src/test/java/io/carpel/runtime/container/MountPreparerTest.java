package io.carpel.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.container.MountPreparer.Prepared;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.error.UnsupportedException;
import io.carpel.runtime.launch.ResolvedMount;
import io.carpel.runtime.lifecycle.Rollback;
import io.carpel.runtime.namespace.IdmapNamespaces;
import io.carpel.runtime.sandbox.Specs;
import io.carpel.runtime.spec.IdMapping;
import io.carpel.runtime.spec.MountSpec;
import io.carpel.runtime.spec.MountSpec.Propagation;
import io.carpel.runtime.spec.UserNamespaceSpec;
import io.carpel.runtime.store.StateLayout;
import io.carpel.runtime.work.WorkRoom;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class MountPreparerTest {
    private static final List<IdMapping> MAP = List.of(new IdMapping(0, 100_000, 65_536));
    private static final List<IdMapping> OTHER = List.of(new IdMapping(0, 200_000, 65_536));

    @TempDir Path directory;
    private final FakeImages images = new FakeImages();
    private final List<Path> open = new ArrayList<>();
    private final List<Path> everOpen = new ArrayList<>();
    private Optional<UserNamespaceSpec> user = Optional.empty();
    private MountPreparer.Options options = new MountPreparer.Options(true, () -> true);

    /// Remembers what is held.
    private final IdmapNamespaces namespaces =
            (socket, _, _) -> {
                open.add(socket);
                everOpen.add(socket);
                return new IdmapNamespaces.Held() {
                    @Override
                    public Path file() {
                        return Path.of("/proc/1/ns/user" + everOpen.size());
                    }

                    @Override
                    public void close() {
                        open.remove(socket);
                    }
                };
            };

    private Prepared prepare(Rollback undo, MountSpec... mounts) throws IOException {
        VolumeMaps maps =
                new VolumeMaps(namespaces, StateLayout.under(directory), Specs.id(1), user, undo);
        return new MountPreparer(images, WorkRoom.open(Clock.systemUTC()).slow(), options)
                .prepare(List.of(mounts), "owner", maps, user.isPresent(), undo);
    }

    private Prepared prepare(MountSpec... mounts) throws IOException {
        try (Rollback undo = new Rollback()) {
            Prepared prepared = prepare(undo, mounts);
            undo.commit();
            return prepared;
        }
    }

    private MountSpec bind(String target) {
        return MountSpec.bind(directory.toString(), target, false);
    }

    private MountSpec mount(
            String target, boolean readonly, boolean recursive, Propagation propagation) {
        return new MountSpec(
                directory.toString(),
                target,
                readonly,
                recursive,
                propagation,
                List.of(),
                List.of(),
                List.of(),
                Optional.empty(),
                "",
                false);
    }

    private MountSpec mapped(String target, List<IdMapping> uids, List<IdMapping> gids) {
        return new MountSpec(
                directory.toString(),
                target,
                false,
                false,
                Propagation.PRIVATE,
                List.of(),
                uids,
                gids,
                Optional.empty(),
                "",
                false);
    }

    private static MountSpec image(String image, String subPath) {
        return new MountSpec(
                "",
                "/image",
                true,
                false,
                Propagation.PRIVATE,
                List.of(),
                List.of(),
                List.of(),
                Optional.of(image),
                subPath,
                false);
    }

    @Test
    void shallowTargetsComeFirstAndOfTwoAtOnePlaceTheLaterStaysOnTop() throws IOException {
        Files.createDirectories(directory.resolve("second"));
        MountSpec second = MountSpec.bind(directory.resolve("second").toString(), "/a/b", false);
        List<ResolvedMount> mounts =
                prepare(bind("/a/b/c"), bind("/a/b"), second, bind("/z")).mounts();
        assertThat(mounts)
                .extracting(mount -> mount.spec().target())
                .containsExactly("/z", "/a/b", "/a/b", "/a/b/c");
        assertThat(mounts.get(2).spec()).isEqualTo(second);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "relative", "/", "/..", "/a/../..", "/a\0b"})
    void aTargetIsAbsoluteAndNotTheRoot(String target) {
        assertThatThrownBy(() -> prepare(bind(target)))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("mount of");
    }

    @Test
    void aSourceIsFoundThroughLinksAndMadeWhenMissing() throws IOException {
        Path real = Files.createDirectory(directory.resolve("real"));
        Path link = Files.createSymbolicLink(directory.resolve("link"), real);
        Path missing = directory.resolve("a/b");
        List<ResolvedMount> mounts =
                prepare(
                                MountSpec.bind(link.toString(), "/one", false),
                                MountSpec.bind(missing.toString(), "/two", false))
                        .mounts();
        assertThat(mounts)
                .extracting(ResolvedMount::source)
                .containsExactly(real.toRealPath(), missing.toRealPath());
        assertThat(missing).isDirectory();
    }

    @Test
    void aMissingSourceIsRefusedWhereTheAdministratorWantsIt() {
        options = new MountPreparer.Options(true, () -> false);
        String missing = directory.resolve("missing").toString();
        assertThatThrownBy(() -> prepare(MountSpec.bind(missing, "/x", false)))
                .isInstanceOf(NotFoundException.class)
                .hasMessageContaining(missing);
        assertThat(directory.resolve("missing")).doesNotExist();
    }

    @Test
    void aLinkThatLeadsNowhereIsNoSource() throws IOException {
        Path link = Files.createSymbolicLink(directory.resolve("link"), Path.of("/no/such"));
        assertThatThrownBy(() -> prepare(MountSpec.bind(link.toString(), "/x", false)))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("leads nowhere");
    }

    @Test
    void recursiveReadonlyNeedsReadonlyPrivateAndAKernel() {
        assertThatThrownBy(() -> prepare(mount("/x", false, true, Propagation.PRIVATE)))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("needs read-only");
        for (Propagation propagation :
                List.of(Propagation.HOST_TO_CONTAINER, Propagation.BIDIRECTIONAL)) {
            assertThatThrownBy(() -> prepare(mount("/x", true, true, propagation)))
                    .isInstanceOf(InvalidArgumentException.class)
                    .hasMessageContaining("private propagation");
        }
        options = new MountPreparer.Options(false, () -> true);
        assertThatThrownBy(() -> prepare(mount("/x", true, true, Propagation.PRIVATE)))
                .isInstanceOf(UnsupportedException.class);
    }

    @Test
    void anUnknownOptionIsNamed() {
        MountSpec suid =
                new MountSpec(
                        directory.toString(),
                        "/x",
                        false,
                        false,
                        Propagation.PRIVATE,
                        List.of("suid"),
                        List.of(),
                        List.of(),
                        Optional.empty(),
                        "",
                        false);
        assertThatThrownBy(() -> prepare(suid))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("'suid'");
    }

    @Test
    void theSandboxesOwnMapsNeedNoNamespace() throws IOException {
        user = Optional.of(new UserNamespaceSpec(MAP, MAP));
        assertThat(prepare(mapped("/x", MAP, MAP)).mounts().getFirst().idmap()).isEmpty();
        assertThat(everOpen).isEmpty();
    }

    @Test
    void otherMapsGetANamespaceAndEqualOnesShareIt() throws IOException {
        List<ResolvedMount> mounts =
                prepare(mapped("/a", MAP, MAP), mapped("/b", OTHER, MAP), mapped("/c", MAP, MAP))
                        .mounts();
        assertThat(everOpen).hasSize(2);
        assertThat(mounts.get(0).idmap()).isPresent().isEqualTo(mounts.get(2).idmap());
        assertThat(mounts.get(1).idmap()).isPresent().isNotEqualTo(mounts.get(0).idmap());
    }

    @Test
    void whateverFailsLaterNoNamespaceIsLeft() {
        assertThatThrownBy(() -> prepare(mapped("/a", MAP, MAP), image("nope", "")))
                .isInstanceOf(NotFoundException.class);
        assertThat(everOpen).hasSize(1);
        assertThat(open).isEmpty();
    }

    @Test
    void mapsAreBoundedInLinesAndInNumber() {
        List<IdMapping> long_ =
                IntStream.range(0, 1_000_000).mapToObj(i -> new IdMapping(i, i, 1)).toList();
        assertThatThrownBy(() -> prepare(mapped("/a", long_, MAP)))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("1000000 mappings of user ids");
        assertThatThrownBy(() -> prepare(mapped("/a", MAP, List.of())))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("0 mappings of group ids");
        MountSpec[] many =
                IntStream.range(0, 17)
                        .mapToObj(i -> mapped("/" + i, List.of(new IdMapping(0, i, 1)), MAP))
                        .toArray(MountSpec[]::new);
        assertThatThrownBy(() -> prepare(many)).isInstanceOf(UnsupportedException.class);
        assertThat(open).isEmpty();
    }

    @Test
    void aMillionMountsAreRefusedBeforeAnythingIsLookedAt() {
        MountSpec[] many =
                Collections.nCopies(1_000_000, MountSpec.bind("/no/such/source", "/x", false))
                        .toArray(MountSpec[]::new);
        assertThatThrownBy(() -> prepare(many))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("1000000 mounts");
        assertThat(Path.of("/no/such/source")).doesNotExist();
    }

    @Test
    void anImageIsLeasedAndLetGoOfWhenSomethingFails() throws IOException {
        Prepared prepared = prepare(image("busybox", ""));
        assertThat(prepared.imageIds()).containsExactly(FakeImages.ID);
        assertThat(images.leases).containsExactly(FakeImages.ID + " owner");
        images.leases.clear();
        assertThatThrownBy(() -> prepare(image("busybox", ""), image("missing", "")))
                .isInstanceOf(NotFoundException.class)
                .hasMessageContaining("image volume at /image")
                .hasMessageContaining("missing");
        assertThat(images.leases).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"..", "a/../..", "/a", "a/.."})
    void aSubPathStaysInTheImage(String path) {
        assertThatThrownBy(() -> prepare(image("busybox", path)))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("leads out of the image");
    }
}
