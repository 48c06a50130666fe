package io.carpel.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.ResourceExhaustedException;
import io.carpel.runtime.launch.ExecLabel;
import io.carpel.runtime.launch.Op;
import io.carpel.runtime.sandbox.Specs;
import io.carpel.runtime.security.FakeSelinuxPolicy;
import io.carpel.runtime.spec.ContainerSpec;
import io.carpel.runtime.spec.NamespaceSpec;
import io.carpel.runtime.spec.PidMode;
import io.carpel.runtime.spec.SandboxSpec;
import io.carpel.runtime.spec.SecuritySpec;
import io.carpel.runtime.spec.SelinuxSpec;
import io.carpel.runtime.store.RecordStore;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What SELinux makes of containers, on a policy that is a fake.
@Timeout(30)
final class ContainerLabelsTest extends ContainerManagerFixture {
    private final FakeSelinuxPolicy policy = new FakeSelinuxPolicy();

    ContainerLabelsTest() {
        selinux = policy.label();
    }

    private SandboxSpec sandbox(int number, NamespaceSpec namespaces) {
        return Specs.sandbox(Specs.id(number), namespaces, directory.resolve("logs"));
    }

    private ContainerSpec labelled(SelinuxSpec parts) {
        SecuritySpec usual = Specs.security(false);
        return Specs.container(
                ID,
                sandboxes.table().get(Specs.id(1)).spec(),
                "busybox",
                List.of("sleep", "9"),
                new SecuritySpec(
                        false,
                        usual.baseCapabilities(),
                        usual.addCapabilities(),
                        usual.dropCapabilities(),
                        usual.ambientCapabilities(),
                        usual.noNewPrivileges(),
                        usual.readonlyRootfs(),
                        usual.maskedPaths(),
                        usual.readonlyPaths(),
                        usual.seccomp(),
                        usual.apparmor(),
                        parts));
    }

    private List<Op> labels() {
        return Objects.requireNonNull(shims.plans.get(ID)).ops().stream()
                .filter(Op.ExecLabel.class::isInstance)
                .toList();
    }

    @Test
    void oneHasTheLabelOfItsPodAndExecsToo() throws IOException {
        String level = sandboxes.table().get(Specs.id(1)).spec().label().level();
        assertThat(level).matches("s0:c\\d+,c\\d+");
        manager().create(spec());
        String label = "system_u:system_r:container_t:" + level;
        assertThat(labels()).containsExactly(new Op.ExecLabel("exec", label));
        assertThat(new ProcessStore(layout, RecordStore.mapper()).get(ID).execLabel())
                .contains(new ExecLabel(ExecLabel.Module.SELINUX, label));
    }

    @Test
    void whoSeesTheHostsProcessesOrItsIpcIsNotConfined() {
        ContainerManager manager = manager();
        SandboxSpec pids = sandbox(2, Specs.ownNamespaces(PidMode.HOST));
        SandboxSpec ipc =
                sandbox(3, new NamespaceSpec(false, true, PidMode.CONTAINER, Optional.empty()));
        for (SandboxSpec sandbox : List.of(pids, ipc)) {
            sandboxes.run(sandbox);
            manager.create(Specs.container(ID, sandbox, "busybox", List.of("sleep", "9")));
            assertThat(labels())
                    .containsExactly(new Op.ExecLabel("exec", "system_u:system_r:spc_t:s0"));
            manager.remove(ID);
            shims.plans.clear();
        }
    }

    /// With two categories there is one pair.
    @Test
    void aLevelOfItsOwnIsNobodyElsesUntilItIsRemovedAndOverRestarts() throws IOException {
        policy.categories = 2;
        ContainerManager before = manager();
        before.create(labelled(SelinuxSpec.none().with("s0:c0,c1")));
        assertThat(labels())
                .containsExactly(
                        new Op.ExecLabel("exec", "system_u:system_r:container_t:s0:c0,c1"));
        before.stop(ID, Duration.ZERO);
        selinux = policy.label();
        ContainerManager after = manager();
        after.recover(heard::add);
        assertThatThrownBy(() -> selinux.reserve("pod", SelinuxSpec.none()))
                .isInstanceOf(ResourceExhaustedException.class);
        after.remove(ID);
        assertThat(selinux.reserve("pod", SelinuxSpec.none()).level()).isEqualTo("s0:c0,c1");
    }

    @Test
    void aLabelThatCannotBeLeavesNothing() throws IOException {
        ContainerManager manager = manager();
        for (SelinuxSpec parts :
                List.of(
                        SelinuxSpec.none().with("s0,c4"),
                        SelinuxSpec.none().with("s1"),
                        new SelinuxSpec("", "", "no_t", ""))) {
            assertThatThrownBy(() -> manager.create(labelled(parts)))
                    .isInstanceOf(InvalidArgumentException.class)
                    .hasMessageContaining("selinux l");
            assertThat(manager.list()).isEmpty();
            assertThat(layout.container(ID)).doesNotExist();
            assertThat(images.leases).isEmpty();
        }
    }
}
