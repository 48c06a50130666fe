package io.carpel.agent.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.agent.pod.FakeSandboxes;
import io.carpel.agent.translate.Requests;
import io.carpel.cri.PodSandboxConfig;
import io.carpel.runtime.image.PullProgress;
import io.carpel.runtime.work.WorkBoard;
import io.carpel.runtime.work.WorkItem;
import java.time.Clock;
import java.util.List;
import org.junit.jupiter.api.Test;

final class WaitingPodsTest {
    private final WorkBoard board = new WorkBoard(Clock.systemUTC());
    private final FakeSandboxes sandboxes = new FakeSandboxes();
    private final WaitingPods pods = WaitingPods.of(sandboxes, board);

    @Test
    void whatIsPulledForAPodShowsOnItAsFarAsItIs() {
        PodSandboxConfig config = Requests.sandbox().build();
        String id =
                sandboxes.run(Requests.sandboxes().toSpec(Requests.SANDBOX_ID, config, "")).id();
        List<WorkItem> seen =
                pods.call(
                        config,
                        progress -> {
                            progress.on(new PullProgress.Event.Downloaded("sha256:1", 5, 10));
                            return board.ofSandbox(id);
                        });
        assertThat(seen).hasSize(1);
        assertThat(seen.getFirst().call()).isEqualTo("pull");
        assertThat(seen.getFirst().step()).isEqualTo("download layer sha256:1: 5 of 10 bytes");
        assertThat(board.list()).isEmpty();
    }

    @Test
    void whatIsPulledForNobodyIsPulledAllTheSame() {
        List<WorkItem> seen = pods.call(PodSandboxConfig.getDefaultInstance(), _ -> board.list());
        assertThat(seen).isEmpty();
    }
}
