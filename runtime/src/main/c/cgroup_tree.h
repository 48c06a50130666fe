// A control group with all that the container has made below it.
#pragma once

typedef void group_visit(int directory, void *what);

// Visits the group and, as far as one is that deep, 32 levels below it. Groups that go or come
// meanwhile may be left out.
void cgroup_walk(int directory, group_visit *visit, void *what);
