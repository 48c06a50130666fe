package io.carpel.agent.cli.install;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.agent.cli.install.InstallJournal.Phase;
import io.carpel.agent.cli.install.NodeInstall.Outcome;
import io.carpel.agent.cli.node.NodeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A host of real files: every call from outside may fail or be the last one before a crash.
final class NodeInstallTest {
    private static final String ONE = "1111111111111111";
    private static final String TWO = "2222222222222222";
    private static final Optional<String> NO_CONFIG = Optional.empty();

    @TempDir private Path directory;

    @Test
    void theDistributionRunsAndTheNodeKnows() throws IOException {
        FakeHost host = new FakeHost(directory);
        Outcome outcome = host.install(host.distribution(ONE)).run(Optional.of("# mine\n"));
        assertThat(outcome.done()).isTrue();
        assertThat(host.running()).isEqualTo(ONE);
        assertThat(host.read("opt/carpel/app/agent.jar")).isEqualTo("classes of " + ONE);
        // The JVM's cache fits only jars of the time it was made with.
        assertThat(Files.getLastModifiedTime(host.root().resolve("opt/carpel/app/agent.jar")))
                .extracting(time -> time.toInstant())
                .isEqualTo(FakeHost.TIME);
        assertThat(host.read(FakeHost.CONFIG)).isEqualTo("# mine\n");
        assertThat(host.files())
                .containsEntry(
                        "etc/systemd/system/multi-user.target.wants/carpel.service",
                        "-> /etc/systemd/system/carpel.service");
        assertThat(host.nodeLabels()).containsKey("carpel.io/installed");
        assertThat(host.events()).endsWith("CarpelInstalled");
        assertThat(host.journal()).map(InstallJournal::phase).contains(Phase.DONE);
    }

    @Test
    void aSecondTimeNothingIsTouched() {
        FakeHost host = new FakeHost(directory);
        host.install(host.distribution(ONE)).run(NO_CONFIG);
        Map<String, String> before = host.files();
        int calls = host.calls();
        Outcome outcome = host.install(host.distribution(ONE)).run(NO_CONFIG);
        assertThat(outcome).isEqualTo(new Outcome(false, ""));
        assertThat(host.files()).isEqualTo(before);
        // It is asked whether it could be started, and that is all.
        assertThat(host.calls()).isEqualTo(calls + 1);
    }

    @Test
    void anotherReleaseTakesThePlaceOfTheOld() {
        FakeHost host = new FakeHost(directory);
        host.install(host.distribution(ONE)).run(NO_CONFIG);
        assertThat(host.install(host.distribution(TWO)).run(NO_CONFIG).done()).isTrue();
        assertThat(host.running()).isEqualTo(TWO);
        assertThat(host.has("opt/carpel.d/" + ONE)).isFalse();
        assertThat(host.read("etc/systemd/system/carpel.service")).contains(TWO);
        // The default of the first stays: none was asked for.
        assertThat(host.read(FakeHost.CONFIG)).contains(ONE);
    }

    @Test
    void whereverItFailsEverythingIsPutBack() {
        int calls = callsOfAFirstInstallation();
        for (int n = 1; n <= calls; n++) {
            FakeHost host = new FakeHost(directory.resolve("fail-" + n));
            Map<String, String> before = host.files();
            host.failAt(n);
            boolean done = run(host, ONE);
            host.parts().tidy();
            if (done) {
                // Only telling the cluster may fail and not matter.
                assertThat(host.running()).as("call %d", n).isEqualTo(ONE);
            } else {
                assertThat(host.files()).as("call %d", n).isEqualTo(before);
                assertThat(host.running()).as("call %d", n).isEmpty();
                assertThat(host.nodeLabels()).as("call %d", n).isEmpty();
            }
        }
    }

    @Test
    void whereverAnUpgradeFailsTheOldReleaseRuns() {
        int calls = callsOfAnUpgrade();
        for (int n = 1; n <= calls; n++) {
            FakeHost host = new FakeHost(directory.resolve("upgrade-" + n));
            host.install(host.distribution(ONE)).run(NO_CONFIG);
            Map<String, String> before = host.files();
            host.failAt(host.calls() + n);
            if (run(host, TWO)) {
                assertThat(host.running()).as("call %d", n).isEqualTo(TWO);
            } else {
                assertThat(host.running()).as("call %d", n).isEqualTo(ONE);
                Map<String, String> after = host.files();
                // How often it was written down does not show, but that it is done does.
                before.remove("var/lib/carpel/node/install.json");
                after.remove("var/lib/carpel/node/install.json");
                assertThat(after).as("call %d", n).isEqualTo(before);
                assertThat(host.journal().orElseThrow().result().build()).isEqualTo(ONE);
            }
        }
    }

    @Test
    void whereverItDiesTheNextOneFinishes() {
        int calls = callsOfAnUpgrade();
        for (int n = 1; n <= calls; n++) {
            FakeHost host = new FakeHost(directory.resolve("die-" + n));
            host.install(host.distribution(ONE)).run(NO_CONFIG);
            host.dieAt(host.calls() + n);
            assertThatThrownBy(() -> host.install(host.distribution(TWO)).run(NO_CONFIG))
                    .isInstanceOf(FakeHost.PowerCut.class);
            Outcome outcome = host.install(host.distribution(TWO)).run(NO_CONFIG);
            assertThat(outcome.done()).as("call %d", n).isTrue();
            assertThat(host.running()).as("call %d", n).isEqualTo(TWO);
            assertThat(host.has("opt/carpel.d/" + ONE)).as("call %d", n).isFalse();
            assertThat(host.journal()).map(InstallJournal::phase).contains(Phase.DONE);
        }
    }

    @Test
    void whereverTheWayBackDiesTheNextOneFinishesIt() {
        FakeHost measured = new FakeHost(directory.resolve("measure"));
        measured.breakPodsOf(ONE);
        run(measured, ONE);
        int all = measured.calls();
        for (int n = 1; n <= all; n++) {
            FakeHost host = new FakeHost(directory.resolve("back-" + n));
            Map<String, String> before = host.files();
            host.breakPodsOf(ONE);
            host.dieAt(n);
            assertThatThrownBy(() -> host.install(host.distribution(ONE)).run(NO_CONFIG))
                    .isInstanceOf(FakeHost.PowerCut.class);
            // One that died before it was turned back fails again on its own.
            assertThat(run(host, ONE)).as("call %d", n).isFalse();
            host.parts().tidy();
            assertThat(host.files()).as("call %d", n).isEqualTo(before);
        }
    }

    @Test
    void halfOfAReleaseIsUnpackedAnew() {
        FakeHost host = new FakeHost(directory);
        host.write("host/opt/carpel.d/." + ONE + ".new/app/agent.jar", "half");
        host.write("host/opt/carpel.d/" + ONE + "/app/agent.jar", "half");
        assertThat(run(host, ONE)).isTrue();
        assertThat(host.read("opt/carpel/app/agent.jar")).isEqualTo("classes of " + ONE);
        assertThat(host.has("opt/carpel.d/." + ONE + ".new")).isFalse();
    }

    @Test
    void aReleaseLeftHalfWayByAnotherOneIsUndoneFirst() {
        FakeHost host = new FakeHost(directory);
        host.breakPodsOf(ONE);
        host.dieAt(12);
        assertThatThrownBy(() -> host.install(host.distribution(ONE)).run(NO_CONFIG))
                .isInstanceOf(FakeHost.PowerCut.class);
        assertThat(run(host, TWO)).isTrue();
        assertThat(host.running()).isEqualTo(TWO);
        assertThat(host.has("opt/carpel.d/" + ONE)).isFalse();
    }

    @Test
    void configurationOfSomebodyElseIsKeptBeside() {
        FakeHost host = new FakeHost(directory);
        host.write("host/" + FakeHost.CONFIG, "# theirs\n");
        host.install(host.distribution(ONE)).run(Optional.of("# ours\n"));
        assertThat(host.read(FakeHost.CONFIG)).isEqualTo("# ours\n");
        assertThat(host.read(FakeHost.CONFIG + ".before")).isEqualTo("# theirs\n");
        assertThat(host.events()).contains("CarpelConfiguration");
    }

    @Test
    void configurationThatIsOursIsReplacedWithoutWords() {
        FakeHost host = new FakeHost(directory);
        host.install(host.distribution(ONE)).run(Optional.of("# ours\n"));
        Outcome outcome = host.install(host.distribution(ONE)).run(Optional.of("# newer\n"));
        assertThat(outcome).isEqualTo(new Outcome(true, ""));
        assertThat(host.read(FakeHost.CONFIG)).isEqualTo("# newer\n");
        assertThat(host.has(FakeHost.CONFIG + ".before")).isFalse();
        assertThat(host.events()).doesNotContain("CarpelConfiguration");
    }

    @Test
    void configurationThatWasChangedStaysWhileThereIsNoNewText() {
        FakeHost host = new FakeHost(directory);
        host.install(host.distribution(ONE)).run(Optional.of("# ours\n"));
        host.write("host/" + FakeHost.CONFIG, "# changed by hand\n");
        Outcome outcome = host.install(host.distribution(ONE)).run(Optional.of("# ours\n"));
        assertThat(outcome).isEqualTo(new Outcome(false, ""));
        assertThat(host.read(FakeHost.CONFIG)).isEqualTo("# changed by hand\n");
        assertThat(host.install(host.distribution(TWO)).run(Optional.of("# ours\n")).done())
                .isTrue();
        assertThat(host.read(FakeHost.CONFIG)).isEqualTo("# changed by hand\n");
    }

    @Test
    void aHostWithoutSystemdIsRefusedBeforeAnythingIsTouched() {
        FakeHost host = new FakeHost(directory);
        host.withoutSystemd();
        Map<String, String> before = host.files();
        assertThatThrownBy(() -> host.install(host.distribution(ONE)).run(NO_CONFIG))
                .isInstanceOf(NodeException.class)
                .hasMessageContaining("no systemd");
        assertThat(host.files()).isEqualTo(before);
    }

    @Test
    void anAgentFromAPackageOrAnArchiveIsNotOverwritten() {
        FakeHost packaged = new FakeHost(directory.resolve("package"));
        packaged.write("host/usr/lib/carpel/build", ONE);
        assertThatThrownBy(() -> packaged.install(packaged.distribution(ONE)).run(NO_CONFIG))
                .hasMessageContaining("package carpel");
        FakeHost unpacked = new FakeHost(directory.resolve("archive"));
        unpacked.write("host/opt/carpel/build", ONE);
        assertThatThrownBy(() -> unpacked.install(unpacked.distribution(ONE)).run(NO_CONFIG))
                .hasMessageContaining("archive");
    }

    private static boolean run(FakeHost host, String build) {
        try {
            return host.install(host.distribution(build)).run(NO_CONFIG).done();
        } catch (NodeException e) {
            // Before anything was begun.
            return false;
        }
    }

    private int callsOfAFirstInstallation() {
        FakeHost host = new FakeHost(directory.resolve("first"));
        host.install(host.distribution(ONE)).run(NO_CONFIG);
        return host.calls();
    }

    private int callsOfAnUpgrade() {
        FakeHost host = new FakeHost(directory.resolve("whole"));
        host.install(host.distribution(ONE)).run(NO_CONFIG);
        int before = host.calls();
        host.install(host.distribution(TWO)).run(NO_CONFIG);
        return host.calls() - before;
    }
}
