package io.carpel.runtime.cgroup;

import io.carpel.runtime.spec.ResourceLimits;
import java.io.IOException;

/// One controller: which files its limits and counters live in, on either version. A method that a
/// version has no use for does nothing.
interface Controller {
    /// The name on version 1 hierarchies.
    String v1Name();

    /// The name in `cgroup.controllers`; empty when version 2 has no such controller.
    String v2Name();

    /// Prepares a new v1 directory so that processes can join; runs from the top of the path down.
    default void adoptV1(CgroupDir parent, CgroupDir dir) throws IOException {}

    default void limitV1(CgroupDir dir, ResourceLimits limits, Settings settings)
            throws IOException {}

    default void limitV2(CgroupDir dir, ResourceLimits limits, Settings settings)
            throws IOException {}

    default void readV1(CgroupDir dir, StatsBuilder stats) throws IOException {}

    default void readV2(CgroupDir dir, StatsBuilder stats) throws IOException {}

    /// Whether the request limits anything that this controller has to hold.
    default boolean holds(ResourceLimits limits) {
        return false;
    }

    /// `max` for the −1 of requests.
    static String orMax(long value) {
        return value < 0 ? "max" : Long.toString(value);
    }
}
