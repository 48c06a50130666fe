/// Control groups: limits, placement, counting and killing, on cgroup v1, hybrid and v2.
///
/// [CgroupManager] makes a [Cgroup] for each container below a parent that somebody else may own;
/// such a parent is never changed or removed beyond what enabling controllers needs. One class per
/// controller knows the files of both versions, and [CgroupManager] puts them together. What the
/// host withholds is skipped and told by [CgroupManager#missing]; a value it refuses is an error.
/// Every change is journalled and put back when a later one fails.
///
/// With the systemd driver a scope of systemd's stands around each group: [SystemdCgroups].
///
/// Next door: `systemd` makes scopes, `launch` joins the groups, `stats` keeps samples, `container`
/// decides the limits.
@NullMarked
package io.carpel.runtime.cgroup;

import org.jspecify.annotations.NullMarked;
