package io.carpel.runtime.cgroup;

import io.carpel.runtime.spec.ResourceLimits;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// One control group, in all hierarchies of the host at once.
///
/// On v1 a process joins by writing `0` to each of [#taskFiles]; on v2 it is born inside by
/// `CLONE_INTO_CGROUP` with [#v2Dir]. Methods that find the group gone treat it as empty.
public interface Cgroup {
    /// The path below every hierarchy's root, such as `/carpel/0123…`.
    String path();

    /// The v1 `tasks` files, one for each hierarchy; empty on v2.
    List<Path> taskFiles();

    /// The directory on the unified hierarchy when that hierarchy is to be joined by
    /// `CLONE_INTO_CGROUP`; empty on v1.
    Optional<Path> v2Dir();

    /// Where on the unified hierarchy they belong who watch over this group from beside it; empty
    /// when they may be anywhere. With the systemd driver the group lives only as long as somebody
    /// is in either.
    default Optional<Path> watchersDir() {
        return Optional.empty();
    }

    /// Tells that somebody is in the group or watches over it now, and that whatever kept it so far
    /// may go.
    default void occupied() {}

    /// Sets all the limits that are not 0 or empty, or none of them.
    ///
    /// @throws io.carpel.runtime.error.InvalidArgumentException when a value cannot be
    /// @throws io.carpel.runtime.error.FailedPreconditionException when memory in use is above the
    ///   wanted limit
    Change update(ResourceLimits limits);

    /// Limits that were changed.
    @FunctionalInterface
    interface Change {
        /// Puts the old ones back. What cannot be put back is added to `cause`, for which it is
        /// done.
        void undo(Throwable cause);
    }

    /// Sends SIGKILL to every process in the group and below it. Returns once it was sent to all;
    /// on v1 the group is frozen meanwhile so that none can be missed.
    void killAll();

    /// The processes in the group and below it, as this process numbers them.
    List<Integer> pids();

    /// Whether no process is in the group or below it, or the last one goes before `limit` is over:
    /// one that was told to end may be on its way out.
    default boolean emptiesWithin(Duration limit) {
        return CgroupRemover.await(limit, () -> pids().isEmpty());
    }

    CgroupStats stats(StatsDetail detail) throws IOException;

    /// Reads everything.
    default CgroupStats stats() throws IOException {
        return stats(StatsDetail.ALL);
    }

    /// How many processes the OOM killer took in this group and below it since it was made.
    long oomKills();

    /// Stops all processes; returns when they are stopped.
    void freeze();

    void thaw();

    /// Kills what is left, then removes the group and everything below it. What is gone already
    /// counts as removed.
    void remove();

    /// Makes a group below this one without limits of its own, for the processes of one exec.
    Cgroup child(String name);
}
