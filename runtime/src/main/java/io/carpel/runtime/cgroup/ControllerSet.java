package io.carpel.runtime.cgroup;

import java.util.List;
import java.util.Set;

/// The controllers that a group deals with.
///
/// @param known those that we can set and read
/// @param offered names of those that the host has on version 2: a limit of one that did not get
///   down to a group is refused, while one that the host lacks is ignored and reported once
record ControllerSet(List<Controller> known, Set<String> offered) {
    static final ControllerSet NONE = new ControllerSet(List.of(), Set.of());

    ControllerSet {
        known = List.copyOf(known);
        offered = Set.copyOf(offered);
    }
}
