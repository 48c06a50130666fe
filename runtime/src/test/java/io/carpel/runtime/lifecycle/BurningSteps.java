package io.carpel.runtime.lifecycle;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// Lists of steps of which one fails: each in turn, before it has done anything and after it has
/// done everything.
public final class BurningSteps {
    /// Why a step fails.
    public static final String REASON = "disk on fire";

    private BurningSteps() {}

    /// @param name of the step that fails
    public record Burning<C>(String name, List<Step<C>> steps) {}

    /// As many lists as there are steps, twice.
    public static <C> List<Burning<C>> of(List<Step<C>> real) {
        List<Burning<C>> all = new ArrayList<>();
        for (int n = 0; n < real.size(); n++) {
            all.add(burning(real, n, false));
            all.add(burning(real, n, true));
        }
        return all;
    }

    private static <C> Burning<C> burning(List<Step<C>> real, int n, boolean afterwards) {
        List<Step<C>> steps = new ArrayList<>(real);
        Step<C> failing = real.get(n);
        steps.set(
                n,
                new Step<>(
                        failing.name(),
                        draft -> {
                            if (afterwards) {
                                failing.work().run(draft);
                            }
                            throw new IOException(REASON);
                        }));
        return new Burning<>(failing.name(), steps);
    }
}
