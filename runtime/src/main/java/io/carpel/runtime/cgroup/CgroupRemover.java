package io.carpel.runtime.cgroup;

import io.carpel.runtime.error.DeadlineExceededException;
import io.carpel.runtime.error.KernelFaultException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/// Waiting for the kernel, and taking groups away.
final class CgroupRemover {
    /// A killed process keeps its group busy until it has exited, its last pages included.
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final long FIRST_PAUSE = 100_000;
    private static final long LONGEST_PAUSE = 20_000_000;

    private CgroupRemover() {}

    /// Asks again and again, with growing pauses; false when the time is over.
    static boolean await(Duration limit, BooleanSupplier condition) {
        long deadline = System.nanoTime() + limit.toNanos();
        long pause = FIRST_PAUSE;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                return false;
            }
            LockSupport.parkNanos(pause);
            pause = Math.min(LONGEST_PAUSE, pause * 2);
        }
        return true;
    }

    /// Removes the group and all below it, children first.
    static void remove(CgroupDir top) {
        try {
            List<CgroupDir> all = CgroupTree.below(top).reversed();
            for (CgroupDir each : all) {
                if (!await(PATIENCE, () -> removed(each))) {
                    throw new DeadlineExceededException(
                            "cgroup %s is still busy after %d s, processes %s"
                                    .formatted(
                                            each.path(),
                                            PATIENCE.toSeconds(),
                                            CgroupTree.pids(each)));
                }
            }
        } catch (IOException e) {
            throw new KernelFaultException("could not remove cgroup %s".formatted(top.path()), e);
        }
    }

    /// Removes the group at once if nothing is in it; true when it is gone.
    static boolean removed(CgroupDir dir) {
        try {
            return dir.remove();
        } catch (IOException e) {
            throw new KernelFaultException("could not remove cgroup %s".formatted(dir.path()), e);
        }
    }
}
