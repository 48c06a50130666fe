#define _GNU_SOURCE
#include "cgroup_kill.h"
#include "cgroup_tree.h"
#include "cleanup.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 200 };

// Signals each listed process and counts it. A zombie of v2 is listed until reaped.
static void kill_listed(int directory, int *count) {
    char text[4096];
    AUTO_FD fd = openat(directory, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    size_t kept = 0;
    ssize_t got;
    while (fd >= 0 && (got = read(fd, text + kept, sizeof text - 1 - kept)) > 0) {
        size_t size = kept + (size_t)got;
        text[size] = 0;
        char *at = text;
        for (char *end; (end = strchr(at, '\n')); at = end + 1) {
            pid_t pid = (pid_t)strtol(at, NULL, 10);
            if (pid > 0) { // 0 stands for a process outside of our pid namespace
                kill(pid, SIGKILL);
            }
            ++*count;
        }
        kept = size - (size_t)(at - text);
        memmove(text, at, kept);
    }
}

static bool kill_by_file(int directory) {
    AUTO_FD all = openat(directory, "cgroup.kill", O_WRONLY | O_CLOEXEC);
    return all >= 0 && write(all, "1", 1) == 1;
}

// On v1 a frozen process does not die before it is thawed; v2 ends it frozen as it is.
static void thaw(int directory) {
    AUTO_FD state = openat(directory, "freezer.state", O_WRONLY | O_CLOEXEC);
    if (state >= 0 && write(state, "THAWED", 6) < 0) {
        return; // a group above it is frozen, and that is somebody else's
    }
}

static void kill_in(int directory, void *count) {
    kill_listed(directory, count);
    thaw(directory);
}

// What the container has put into groups that it made itself is its own too.
static int kill_each(int directory) {
    int count = 0;
    cgroup_walk(directory, kill_in, &count);
    return count;
}

void cgroup_kill_once(int directory) {
    if (!kill_by_file(directory)) {
        kill_each(directory);
    }
}

void cgroup_kill(int directory) {
    if (kill_by_file(directory)) {
        return;
    }
    // v1 has no such file: again until none is left, since they may fork meanwhile.
    for (int round = 0; round < ROUNDS && kill_each(directory) > 0; round++) {
        poll(NULL, 0, round < 10 ? 1 : 10);
    }
}
