// Kills everything in a cgroup.
#pragma once

// `directory` is a descriptor of the cgroup on v2 or in one hierarchy of v1.
void cgroup_kill_once(int directory);

// As above, and goes on until nothing is listed there any more, or for a bounded number of rounds.
void cgroup_kill(int directory);
