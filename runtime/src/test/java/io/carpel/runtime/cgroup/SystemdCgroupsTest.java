package io.carpel.runtime.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.AlreadyExistsException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.UnavailableException;
import io.carpel.runtime.linux.BpfCalls;
import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.spec.ResourceLimits;
import io.carpel.runtime.store.Trees;
import io.carpel.runtime.systemd.Units;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Which scopes are asked for and what is made in them, on plain directories.
final class SystemdCgroupsTest {
    private static final String ID = "0123456789abcdef".repeat(4);
    private static final String POD =
            "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice";
    private static final String SCOPE = POD + "/carpel-" + ID + ".scope";

    @TempDir Path root;

    private final Map<Integer, Path> moves = new HashMap<>();
    private FakeSystemd systemd;
    private SystemdCgroups cgroups;

    @BeforeEach
    void open() throws IOException {
        systemd = new FakeSystemd();
        Files.createDirectories(root.resolve("kubepods.slice/kubepods-burstable.slice"));
        cgroups = open("/carpel.slice");
    }

    private SystemdCgroups open(String parent) {
        CgroupConfig config = new CgroupConfig(CgroupDriver.SYSTEMD, parent, "carpel", true);
        CgroupMounts mounts = new CgroupMounts(Map.of(), Optional.of(root), Set.of());
        HostCgroups host = new HostCgroups(config, mounts, new DeviceGuard(noPrograms()), _ -> {});
        return new SystemdCgroups(
                config,
                host,
                root,
                systemd,
                new SystemdCgroups.Processes(
                        systemd::placeholder, (pid, group) -> moves.put(pid, group.path())));
    }

    /// Device programs need a real kernel; everything may be opened here.
    private static BpfCalls noPrograms() {
        return (BpfCalls)
                Proxy.newProxyInstance(
                        BpfCalls.class.getClassLoader(),
                        new Class<?>[] {BpfCalls.class},
                        (_, method, _) -> {
                            throw new ErrnoException(method.getName(), "", Errno.EPERM);
                        });
    }

    private Cgroup create(String parent) {
        return cgroups.create(parent, ID, ResourceLimits.none(), DeviceRules.allowAll());
    }

    @Test
    void aContainerLiesInAScopeOfItsPodsSlice() {
        Cgroup group = create(POD);

        assertThat(group.path()).isEqualTo(SCOPE + "/container");
        assertThat(cgroups.path(POD, ID)).isEqualTo(group.path());
        assertThat(cgroups.leafOf(group.path())).isEqualTo(ID);
        assertThat(group.v2Dir()).contains(root.resolve(SCOPE.substring(1) + "/container"));
        assertThat(group.watchersDir()).contains(root.resolve(SCOPE.substring(1) + "/shim"));
        assertThat(systemd.scopes)
                .containsExactly(
                        new Units.Scope(
                                "carpel-" + ID + ".scope",
                                "kubepods-burstable-pod1_2.slice",
                                "Carpel, carpel-" + ID + ".scope",
                                1001));
    }

    @Test
    void onlyTheLastNameOfAParentCounts() {
        assertThat(cgroups.parentPath("/kubepods-burstable-pod1_2.slice")).isEqualTo(POD);
        assertThat(cgroups.parentPath("kubepods-burstable-pod1_2.slice/")).isEqualTo(POD);
        assertThat(cgroups.parentPath("")).isEqualTo("/carpel.slice");
    }

    @Test
    void whatIsNoSliceIsRefused() {
        for (String parent :
                List.of(
                        "/pods",
                        "/-.slice",
                        "/a--b.slice",
                        "/.slice",
                        "/a b.slice",
                        "/../x",
                        "/a-.slice")) {
            assertThatThrownBy(() -> cgroups.parentPath(parent))
                    .isInstanceOf(InvalidArgumentException.class)
                    .hasMessageContaining("slice");
        }
        assertThatThrownBy(() -> open("/carpel")).isInstanceOf(InvalidArgumentException.class);
    }

    @Test
    void thePlaceholderStandsBesideTheGroupUntilSomebodyIsIn() {
        Cgroup group = create(POD);
        assertThat(moves).isEqualTo(Map.of(1001, root.resolve(SCOPE.substring(1) + "/shim")));
        assertThat(systemd.running).containsExactly(1001);

        group.occupied();
        group.occupied();

        assertThat(systemd.running).isEmpty();
    }

    @Test
    void removalLeavesTheKubeletsSlicesAndStopsOurs() {
        Cgroup own = create("");
        Cgroup theirs = create("/kubepods.slice/kubepods-burstable.slice");
        Cgroup implied = create("/new-one.slice");
        for (Cgroup group : List.of(own, theirs, implied)) {
            group.remove();
        }

        assertThat(systemd.stopped).containsExactly("new-one.slice", "new.slice");
        assertThat(root.resolve("kubepods.slice/kubepods-burstable.slice")).isDirectory();
        assertThat(root.resolve("carpel.slice")).isDirectory();

        cgroups.close();

        assertThat(systemd.stopped).containsExactly("new-one.slice", "new.slice", "carpel.slice");
        assertThat(systemd.closed).isTrue();
        assertThat(systemd.running).isEmpty();
    }

    @Test
    void aSliceStaysWhileSomethingIsInIt() {
        Cgroup first = create("/new.slice");
        Cgroup second =
                cgroups.create(
                        "/new.slice", "other", ResourceLimits.none(), DeviceRules.allowAll());
        first.remove();
        assertThat(systemd.stopped).isEmpty();
        second.remove();
        assertThat(systemd.stopped).containsExactly("new.slice");
    }

    @Test
    void nothingStaysWhenAStepFails() {
        systemd.refuse = true;
        assertThatThrownBy(() -> create("/new.slice")).isInstanceOf(UnavailableException.class);
        assertThat(systemd.running).isEmpty();
        assertThat(root.resolve("new.slice")).doesNotExist();

        systemd.refuse = false;
        var unknown =
                new ResourceLimits(
                        0, 0, 0, 0, 0, 0, 0, "", "", List.of(), Map.of("memory.high", "1"));
        assertThatThrownBy(() -> cgroups.create("/new.slice", ID, unknown, DeviceRules.allowAll()))
                .isInstanceOf(InvalidArgumentException.class);
        assertThat(systemd.running).isEmpty();
        assertThat(systemd.stopped).containsExactly("new.slice");
        assertThat(root.resolve("new.slice")).doesNotExist();
    }

    @Test
    void aGroupInUseIsRefused() throws IOException {
        create(POD);
        Files.writeString(root.resolve(SCOPE.substring(1) + "/container/cgroup.procs"), "77\n");
        assertThatThrownBy(() -> create(POD)).isInstanceOf(AlreadyExistsException.class);
    }

    @Test
    void scopesAreFoundByTheirName() throws IOException {
        create(POD);
        Files.createDirectories(root.resolve("system.slice/other-" + ID + ".scope/container"));
        Files.createDirectories(root.resolve("a.service/carpel-" + ID + ".scope/container"));

        assertThat(cgroups.leaves()).isEqualTo(Map.of(ID, SCOPE + "/container"));
    }

    @Test
    void anAgentFindsItsHelpersAgain() throws IOException {
        Cgroup first = cgroups.keep("shims");
        Path scope = root.resolve("carpel.slice/carpel-shims.scope");
        assertThat(first.v2Dir()).contains(scope.resolve("container"));

        Cgroup second = open("/carpel.slice").keep("shims");

        assertThat(second.path()).isEqualTo(first.path());
        assertThat(systemd.scopes).hasSize(1);
        assertThat(systemd.running).containsExactly(1001, 1002);
        assertThat(moves).containsEntry(1002, scope.resolve("shim"));
    }

    @Test
    void groupsOfTheOtherDriverCanStillBeRemoved() throws IOException {
        Path old = Files.createDirectories(root.resolve("pods/one/" + ID));
        cgroups.reopen("/pods/one/" + ID).remove();
        assertThat(old).doesNotExist();
        assertThat(cgroups.leafOf("/pods/one/" + ID)).isEqualTo(ID);
    }

    /// Makes and removes directories as systemd does with cgroups: a scope goes with its last
    /// process.
    private final class FakeSystemd implements Units {
        @Override
        public void restart(String unit) {
            throw new UnsupportedOperationException("scopes are not restarted");
        }

        @Override
        public void reload() {
            throw new UnsupportedOperationException("scopes have no files");
        }

        final List<Scope> scopes = new ArrayList<>();
        final List<String> stopped = new ArrayList<>();
        final List<Integer> running = new ArrayList<>();
        boolean refuse;
        boolean closed;
        private int nextPid = 1001;

        Placeholders.Placeholder placeholder() {
            int pid = nextPid++;
            running.add(pid);
            return new Placeholders.Placeholder() {
                @Override
                public int pid() {
                    return pid;
                }

                @Override
                public void end() {
                    running.remove(Integer.valueOf(pid));
                    scopes.stream().filter(s -> s.pid() == pid).forEach(s -> removeIfEmpty(s));
                }
            };
        }

        private Path directory(String slice, String unit) {
            return root.resolve(Slice.of(slice).path().substring(1)).resolve(unit);
        }

        private void removeIfEmpty(Scope scope) {
            Path directory = directory(scope.slice(), scope.name());
            if (!Files.exists(directory.resolve("container"))) {
                removeTree(directory);
            }
        }

        private void removeTree(Path directory) {
            try {
                Trees.remove(directory);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void startScope(Scope scope) {
            if (refuse) {
                throw new UnavailableException("no bus");
            }
            scopes.add(scope);
            try {
                Files.createDirectories(directory(scope.slice(), scope.name()));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void stop(String unit) {
            if (unit.endsWith(".slice")) {
                stopped.add(unit);
                removeTree(root.resolve(Slice.of(unit).path().substring(1)));
            }
            scopes.stream()
                    .filter(scope -> scope.name().equals(unit))
                    .forEach(scope -> removeTree(directory(scope.slice(), unit)));
        }

        @Override
        public void close() {
            closed = true;
        }
    }
}
