package io.carpel.agent.cli.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.agent.cli.node.NodeSwitch.Outcome;
import io.carpel.agent.cli.node.SwitchJournal.Phase;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A node in memory: every call from outside may fail or be the last one before a crash.
final class NodeSwitchTest {
    @TempDir private Path root;

    @Test
    void allThatRunsMovesAndTheNodeTakesPodsAgain() {
        FakeNode world = new FakeNode(root);
        Outcome outcome = world.command().run(FakeNode.NEW);
        assertThat(outcome.done()).isTrue();
        assertThat(world.runtime()).isEqualTo("carpel");
        assertThat(world.cordoned()).isFalse();
        assertThat(world.podsOf(FakeNode.OLD)).isEmpty();
        assertThat(world.tenants()).isEmpty();
        assertThat(world.journal()).map(SwitchJournal::phase).contains(Phase.DONE);
        assertThat(world.events()).containsExactly("CarpelSwitched");
    }

    @Test
    void aSecondTimeNothingIsTouched() {
        FakeNode world = new FakeNode(root);
        world.command().run(FakeNode.NEW);
        int calls = world.calls();
        assertThat(world.command().run(FakeNode.NEW).done()).isTrue();
        assertThat(world.calls()).isEqualTo(calls);
    }

    @Test
    void whereverItFailsEverythingIsPutBack() {
        int calls = callsOfAWholeSwitch();
        for (int n = 1; n <= calls; n++) {
            FakeNode world = new FakeNode(root.resolve("fail-" + n));
            world.failAt(n);
            boolean done;
            try {
                done = world.command().run(FakeNode.NEW).done();
            } catch (NodeException e) {
                // Before anything was begun.
                done = false;
            }
            if (done) {
                // Only telling the cluster, or stopping what nobody could reach, may fail and not
                // matter.
                assertThat(world.runtime()).as("call %d", n).isEqualTo("carpel");
            } else {
                world.assertAsBefore("call " + n);
            }
            assertThat(world.cordoned()).as("call %d", n).isFalse();
        }
    }

    @Test
    void whereverItDiesTheNextOneFinishes() {
        int calls = callsOfAWholeSwitch();
        for (int n = 1; n <= calls; n++) {
            FakeNode world = new FakeNode(root.resolve("die-" + n));
            world.dieAt(n);
            assertThatThrownBy(() -> world.command().run(FakeNode.NEW))
                    .isInstanceOf(FakeNode.PowerCut.class);
            assertThat(world.command().run(FakeNode.NEW).done()).as("call %d", n).isTrue();
            assertThat(world.runtime()).as("call %d", n).isEqualTo("carpel");
            assertThat(world.cordoned()).as("call %d", n).isFalse();
        }
    }

    @Test
    void whereverTheWayBackDiesTheNextOneFinishesIt() {
        FakeNode measured = new FakeNode(root.resolve("measure"));
        measured.command().run(FakeNode.NEW);
        int before = measured.calls();
        measured.command().rollback();
        int calls = measured.calls() - before;
        for (int n = 1; n <= calls; n++) {
            FakeNode world = new FakeNode(root.resolve("back-" + n));
            world.command().run(FakeNode.NEW);
            world.dieAt(world.calls() + n);
            assertThatThrownBy(() -> world.command().rollback())
                    .isInstanceOf(FakeNode.PowerCut.class);
            Outcome outcome = world.command().run(FakeNode.NEW);
            assertThat(outcome.done()).as("call %d", n).isFalse();
            world.assertAsBefore("call " + n);
        }
    }

    @Test
    void aNodeThatDoesNotBecomeReadyIsRolledBack() {
        FakeNode world = new FakeNode(root);
        world.neverReadyUnder("carpel");
        Outcome outcome = world.command().run(FakeNode.NEW);
        assertThat(outcome.failure()).contains("to be Ready under carpel");
        world.assertAsBefore("never ready");
        assertThat(world.events()).containsExactly("CarpelRolledBack");
    }

    @Test
    void aBudgetThatNeverAllowsLeavesTheKubeletAlone() {
        FakeNode world = new FakeNode(root);
        world.refuseEvictions(Integer.MAX_VALUE);
        Outcome outcome = world.command().run(FakeNode.NEW);
        assertThat(outcome.failure()).contains("default/web").contains("disruption budget");
        assertThat(world.kubeletStops()).isZero();
        world.assertAsBefore("budget");
    }

    @Test
    void aBudgetThatAllowsLaterIsWaitedFor() {
        FakeNode world = new FakeNode(root);
        world.refuseEvictions(5);
        assertThat(world.command().run(FakeNode.NEW).done()).isTrue();
    }

    @Test
    void whoWasCordonedStaysCordoned() {
        FakeNode world = new FakeNode(root);
        world.cordon(true);
        assertThat(world.command().run(FakeNode.NEW).done()).isTrue();
        assertThat(world.cordoned()).isTrue();
        world.command().rollback();
        assertThat(world.cordoned()).isTrue();
    }

    @Test
    void aRuntimeThatDoesNotAnswerIsFoundOutBeforeAnythingIsTouched() {
        FakeNode world = new FakeNode(root);
        assertThatThrownBy(() -> world.command().run("unix:///run/nobody.sock"))
                .isInstanceOf(NodeException.class)
                .hasMessageContaining("/run/nobody.sock");
        assertThat(world.journal()).isEmpty();
        world.assertAsBefore("no answer");
    }

    @Test
    void anotherEndpointHasToWait() {
        FakeNode world = new FakeNode(root);
        world.command().run(FakeNode.NEW);
        assertThatThrownBy(() -> world.command().run("unix:///run/other.sock"))
                .isInstanceOf(NodeException.class)
                .hasMessageContaining("rollback");
    }

    @Test
    void rollbackWithoutASwitchSaysSo() {
        FakeNode world = new FakeNode(root);
        assertThatThrownBy(() -> world.command().rollback())
                .isInstanceOf(NodeException.class)
                .hasMessageContaining("was not switched");
    }

    private int callsOfAWholeSwitch() {
        FakeNode world = new FakeNode(root.resolve("whole"));
        world.command().run(FakeNode.NEW);
        return world.calls();
    }
}
