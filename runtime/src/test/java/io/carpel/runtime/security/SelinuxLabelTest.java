package io.carpel.runtime.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.ResourceExhaustedException;
import io.carpel.runtime.security.SelinuxLabel.Confinement;
import io.carpel.runtime.security.SelinuxLabel.Labels;
import io.carpel.runtime.spec.SelinuxSpec;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class SelinuxLabelTest {
    private static final Confinement CONFINED = new Confinement(false, false);
    private static final Confinement PRIVILEGED = new Confinement(true, false);
    private static final Confinement HOST_PROCESSES = new Confinement(false, true);

    private final FakeSelinuxPolicy policy = new FakeSelinuxPolicy();
    private final SelinuxLabel label = policy.label();

    private static SelinuxSpec level(String level) {
        return SelinuxSpec.none().with(level);
    }

    private static SelinuxSpec type(String type) {
        return new SelinuxSpec("", "", type, "");
    }

    private Labels container(SelinuxSpec pod, SelinuxSpec asked, Confinement how) {
        return label.container("c", pod, asked, how);
    }

    private static void isRefused(Runnable call, String message) {
        assertThatThrownBy(call::run)
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessage(message);
    }

    @Test
    void whoAsksForNothingGetsAPairOfItsPodsOwn() {
        SelinuxSpec one = label.reserve("one", SelinuxSpec.none());
        SelinuxSpec other = label.reserve("other", SelinuxSpec.none());
        assertThat(one.level()).matches("s0:c\\d+,c\\d+").isNotEqualTo(other.level());

        Labels labels = container(one, SelinuxSpec.none(), CONFINED);
        assertThat(labels.process()).contains("system_u:system_r:container_t:" + one.level());
        assertThat(labels.file()).contains("system_u:object_r:container_file_t:" + one.level());
        assertThat(label.files(one)).isEqualTo(labels.file());
        assertThat(label.container("d", one, SelinuxSpec.none(), CONFINED)).isEqualTo(labels);
        assertThat(container(other, SelinuxSpec.none(), CONFINED)).isNotEqualTo(labels);
    }

    @Test
    void partsThatAreAskedForStandInForTheUsualOnes() {
        SelinuxSpec pod =
                label.reserve("pod", new SelinuxSpec("user_u", "user_r", "web_t", "s0:c4,c5"));
        assertThat(pod.level()).isEqualTo("s0:c4,c5");
        Labels ofPod = container(pod, SelinuxSpec.none(), CONFINED);
        assertThat(ofPod.process()).contains("user_u:user_r:web_t:s0:c4,c5");
        assertThat(ofPod.file()).contains("user_u:object_r:container_file_t:s0:c4,c5");

        // What a container asks for itself takes the place of all but the level.
        assertThat(container(pod, type("web_t"), CONFINED).process())
                .contains("system_u:system_r:web_t:s0:c4,c5");
        Labels own = container(pod, level("s0:c1.c3"), CONFINED);
        assertThat(own.process()).contains("system_u:system_r:container_t:s0:c1.c3");
        assertThat(own.file()).contains("system_u:object_r:container_file_t:s0:c1.c3");
    }

    @Test
    void nothingConfinesWhoIsPrivilegedOrSeesTheHostsProcesses() {
        SelinuxSpec pod = label.reserve("pod", SelinuxSpec.none());
        for (SelinuxSpec asked : List.of(SelinuxSpec.none(), level("s0:c1,c2"), type("web_t"))) {
            assertThat(container(pod, asked, PRIVILEGED).process())
                    .contains("system_u:system_r:spc_t:s0");
        }
        assertThat(container(pod, SelinuxSpec.none(), PRIVILEGED).file())
                .contains("system_u:object_r:container_file_t:" + pod.level());
        assertThat(container(pod, SelinuxSpec.none(), HOST_PROCESSES).process())
                .contains("system_u:system_r:spc_t:s0");
        assertThat(container(pod, type("web_t"), HOST_PROCESSES).process())
                .contains("system_u:system_r:web_t:" + pod.level());

        policy.types.remove("spc_t");
        assertThat(container(pod, SelinuxSpec.none(), PRIVILEGED).process()).isEmpty();
    }

    @Test
    void whatCannotBeIsRefusedOnEveryHost() {
        for (boolean enabled : List.of(true, false)) {
            policy.enabled = enabled;
            isRefused(
                    () -> container(SelinuxSpec.none(), level("s0,c4,c5"), CONFINED),
                    "selinux level 's0,c4,c5' is not like s0 or s0:c1,c2");
            isRefused(
                    () -> container(SelinuxSpec.none(), level("s0,c4,c5"), PRIVILEGED),
                    "selinux level 's0,c4,c5' is not like s0 or s0:c1,c2");
            isRefused(
                    () -> label.reserve("pod", type("a:b\n")),
                    "selinux type 'a:b\\x0a' holds characters that a label cannot have");
            isRefused(
                    () -> label.reserve("pod", level("s0:c9.c1")),
                    "selinux level 's0:c9.c1' is not like s0 or s0:c1,c2");
        }
    }

    @Test
    void whatThePolicyDoesNotKnowIsRefused() {
        SelinuxSpec pod = label.reserve("pod", SelinuxSpec.none());
        isRefused(
                () -> container(pod, type("no_t"), CONFINED),
                "selinux label 'system_u:system_r:no_t:%s' is none that the policy of this host knows"
                        .formatted(pod.level()));
        isRefused(
                () -> container(pod, level("s3:c1"), CONFINED),
                "selinux label 'system_u:system_r:container_t:s3:c1' is none that the policy of this"
                        + " host knows");
        isRefused(
                () -> label.reserve("two", level("s3:c1")),
                "selinux label 'system_u:object_r:container_file_t:s3:c1' is none that the policy of"
                        + " this host knows");
    }

    @Test
    void aLabelOfFilesFitsIntoAMount() {
        String many =
                "s0:"
                        + String.join(
                                ",",
                                Stream.iterate(0, n -> n + 2).limit(60).map(n -> "c" + n).toList());
        assertThatThrownBy(() -> label.reserve("pod", level(many)))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("a label of 282 bytes for files, at most 255 are possible");
    }

    @Test
    void aPolicyWithoutContainersLeavesThemAlone() {
        policy.types.clear();
        SelinuxSpec pod = label.reserve("pod", SelinuxSpec.none());
        assertThat(container(pod, SelinuxSpec.none(), CONFINED)).isEqualTo(Labels.none());
        assertThat(label.files(pod)).isEmpty();
        assertThatThrownBy(() -> container(pod, level("s0:c1,c2"), CONFINED))
                .isInstanceOf(InvalidArgumentException.class);
    }

    @Test
    void aPolicyWithoutLevelsGetsNone() {
        policy.levels = false;
        SelinuxSpec pod = label.reserve("pod", SelinuxSpec.none());
        assertThat(pod).isEqualTo(SelinuxSpec.none());
        assertThat(container(pod, SelinuxSpec.none(), CONFINED).process())
                .contains("system_u:system_r:container_t");
        assertThat(container(pod, SelinuxSpec.none(), PRIVILEGED).process())
                .contains("system_u:system_r:spc_t");
        assertThatThrownBy(() -> label.reserve("other", level("s0:c1,c2")))
                .isInstanceOf(InvalidArgumentException.class);
    }

    @Test
    void withoutSelinuxNothingHasALabel() {
        policy.enabled = false;
        SelinuxSpec asked = level("s0:c1,c2");
        assertThat(label.reserve("pod", asked)).isEqualTo(asked);
        assertThat(label.reserve("other", SelinuxSpec.none())).isEqualTo(SelinuxSpec.none());
        assertThat(container(asked, type("web_t"), CONFINED)).isEqualTo(Labels.none());
        assertThat(label.files(asked)).isEmpty();
        assertThat(policy.asked).isEmpty();
    }

    @Test
    void norDoesItWhereNoneAreWanted() {
        SelinuxLabel none = new SelinuxLabel(policy, false, new Random(1));
        SelinuxSpec pod = none.reserve("pod", SelinuxSpec.none());
        assertThat(none.container("c", pod, level("s0:c1,c2"), CONFINED)).isEqualTo(Labels.none());
        assertThat(policy.asked).isEmpty();
    }

    /// With four categories there are six pairs.
    @Test
    void aPairIsNobodyElsesUntilItIsGivenBack() {
        policy.categories = 4;
        label.claim("before the restart", "s0:c0,c1");
        SelinuxSpec pod = label.reserve("pod", level("s0:c1,c2"));
        assertThat(container(pod, level("s0:c2,c3"), CONFINED).process()).isPresent();
        List<String> rest =
                List.of("a", "b", "d").stream()
                        .map(name -> label.reserve(name, SelinuxSpec.none()).level())
                        .toList();
        assertThat(rest).containsExactlyInAnyOrder("s0:c0,c2", "s0:c0,c3", "s0:c1,c3");
        assertThatThrownBy(() -> label.reserve("e", SelinuxSpec.none()))
                .isInstanceOf(ResourceExhaustedException.class)
                .hasMessage(
                        "every pair of the 4 selinux categories is held by one of 6 pods and"
                                + " containers");
        label.release("c");
        assertThat(label.reserve("e", SelinuxSpec.none()).level()).isEqualTo("s0:c2,c3");
    }

    /// Who may reach them all does not take them from the others, but who has chosen some does.
    @Test
    void aPairLiesWithinNobodysChoiceWhereThatCanBe() {
        policy.categories = 8;
        label.reserve("half", level("s0:c0.c3"));
        for (int i = 0; i < 22; i++) {
            assertThat(label.reserve("pod " + i, SelinuxSpec.none()).level())
                    .matches("s0:c\\d,c[4-7]");
        }
        label.reserve("all", level("s0-s0:c0.c7"));
        assertThat(label.reserve("last", SelinuxSpec.none()).level()).matches("s0:c\\d,c[0-3]");
    }
}
