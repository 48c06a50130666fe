package io.carpel.runtime.launch;

/// Turns a specification into a plan; a pure function, so that plans can be printed and compared.
@SuppressWarnings("DoNotCallSuggester")
public final class LaunchPlanner {
    private LaunchPlanner() {}

    /// @throws io.carpel.runtime.error.InvalidArgumentException when a mount's target or the
    ///   working directory cannot be
    public static LaunchPlan plan(ContainerLaunch launch) {
        throw new UnsupportedOperationException("not yet: " + launch.id());
    }

    /// @throws io.carpel.runtime.error.InvalidArgumentException as above
    public static ExecPlan planExec(ExecLaunch launch) {
        throw new UnsupportedOperationException("not yet: " + launch.process().argv());
    }
}
