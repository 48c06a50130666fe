package io.carpel.agent.image;

import io.carpel.agent.pod.Sandboxes;
import io.carpel.agent.translate.SandboxTranslator;
import io.carpel.cri.PodSandboxConfig;
import io.carpel.runtime.image.PullProgress;
import io.carpel.runtime.image.PullWork;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.work.Subject;
import io.carpel.runtime.work.WorkBoard;
import java.util.Optional;
import java.util.function.Function;

/// Shows on pods which image they wait for: a pull belongs to nobody, and equal ones are one.
public interface WaitingPods {
    /// Shows nothing.
    WaitingPods NONE =
            new WaitingPods() {
                @Override
                public <T> T call(PodSandboxConfig pod, Function<PullProgress, T> pull) {
                    return pull.apply(PullProgress.NONE);
                }
            };

    /// Pulls, and shows how far that is on the pod, if there is such a pod.
    <T> T call(PodSandboxConfig pod, Function<PullProgress, T> pull);

    static WaitingPods of(Sandboxes sandboxes, WorkBoard board) {
        return new WaitingPods() {
            @Override
            public <T> T call(PodSandboxConfig pod, Function<PullProgress, T> pull) {
                Optional<String> id = id(pod);
                if (id.isEmpty()) {
                    return pull.apply(PullProgress.NONE);
                }
                return board.call(
                        Subject.sandbox(id.get()),
                        WorkBoard.PULL,
                        work -> {
                            work.at("ask the registry");
                            return pull.apply(new PullWork(work));
                        });
            }

            private Optional<String> id(PodSandboxConfig pod) {
                String name = SandboxTranslator.name(pod.getMetadata());
                return sandboxes.list().stream()
                        .filter(sandbox -> sandbox.spec().name().equals(name))
                        .map(Sandbox::id)
                        .findFirst();
            }
        };
    }
}
