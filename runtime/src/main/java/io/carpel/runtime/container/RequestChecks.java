package io.carpel.runtime.container;

import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.spec.ContainerSpec;
import io.carpel.runtime.spec.PidMode;
import java.io.IOException;

/// What a container may not ask for, given its sandbox.
final class RequestChecks {
    private static final int LIMIT = 10_000;

    private RequestChecks() {}

    static void check(ContainerSpec spec, Sandbox sandbox) throws IOException {
        if (spec.security().privileged() && !sandbox.spec().privileged()) {
            throw new InvalidArgumentException(
                    "container is privileged but its sandbox %s is not".formatted(sandbox.id()));
        }
        checkCount("devices", spec.devices().size());
        checkCount("rlimits", spec.rlimits().size());
        checkCount("supplementary groups", spec.process().user().supplementaryGroups().size());
        checkCount("masked paths", spec.security().maskedPaths().size());
        checkCount("read-only paths", spec.security().readonlyPaths().size());
        checkPidMode(spec, sandbox.spec().namespaces().pid());
        spec.stopSignal().ifPresent(Signals::check);
    }

    private static void checkCount(String what, int count) {
        if (count > LIMIT) {
            throw new InvalidArgumentException(
                    "%d %s are more than %d".formatted(count, what, LIMIT));
        }
    }

    /// A container may see fewer processes than its sandbox allows, never more.
    private static void checkPidMode(ContainerSpec spec, PidMode sandbox) {
        boolean fine =
                switch (spec.pid()) {
                    case CONTAINER -> true;
                    case POD -> sandbox == PidMode.POD;
                    case HOST -> sandbox == PidMode.HOST;
                    case TARGET -> spec.targetContainer().isPresent();
                };
        if (!fine) {
            throw new InvalidArgumentException(
                    "pid mode %s is not for a container of a sandbox with pid mode %s%s"
                            .formatted(
                                    spec.pid(),
                                    sandbox,
                                    spec.pid() == PidMode.TARGET ? " without a target" : ""));
        }
    }

    /// @param target the container to join; must be of the same sandbox, see only its own
    ///   processes, and run
    ///
    /// @return the host pid of its first process
    static int targetPid(ContainerSpec spec, Container target) {
        if (!target.spec().sandboxId().equals(spec.sandboxId())) {
            throw new InvalidArgumentException(
                    "target container %s is not of sandbox %s"
                            .formatted(target.id(), spec.sandboxId()));
        }
        if (target.spec().pid() != PidMode.CONTAINER) {
            throw new InvalidArgumentException(
                    "target container %s has pid mode %s, wanted container"
                            .formatted(target.id(), target.spec().pid()));
        }
        return switch (target.state()) {
            case ContainerState.Running(int pid, var _) -> pid;
            case ContainerState.Created _, ContainerState.Exited _, ContainerState.Unknown _ ->
                    throw new FailedPreconditionException(
                            "target container %s is %s, wanted running"
                                    .formatted(target.id(), Transitions.describe(target.state())));
        };
    }
}
