// Kills everything in a cgroup.
#pragma once

// `directory` is a descriptor of the cgroup on v2 or in one hierarchy of v1. Returns once nothing
// is listed there any more, or after a bounded number of rounds.
void cgroup_kill(int directory);
