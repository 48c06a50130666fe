// When the OOM killer took a process of the container: only then can it be why the container ended.
#define _GNU_SOURCE
#include "cgroup_tree.h"
#include "cleanup.h"
#include "exit_record.h"
#include "shim.h"
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    LATE_MS = 2000,  // a shell whose command was killed ends within this time, if it ends of that
    LOOK_MS = 30000, // between two looks for kills that nobody tells of
};

static void add_kills(int directory, void *sum) {
    *(uint64_t *)sum += read_number_at(directory, "memory.oom_control", "oom_kill");
}

// Version 2 counts what happens in groups below too, version 1 in each by itself.
uint64_t oom_kills(const char *path) {
    char group[PATH_MAX];
    const char *slash = path ? strrchr(path, '/') : NULL;
    if (!slash || strcmp(slash, "/memory.oom_control") != 0) {
        return slash ? read_number(path, "oom_kill") : 0;
    }
    if (snprintf(group, sizeof group, "%.*s", (int)(slash - path), path) >= (int)sizeof group) {
        return 0;
    }
    uint64_t sum = 0;
    AUTO_FD directory = open(group, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory >= 0) {
        cgroup_walk(directory, add_kills, &sum);
    }
    return sum;
}

// Version 1 tells through an eventfd that is registered in the cgroup.
static int register_event(const char *path) {
    char control[4096], line[64];
    const char *slash = strrchr(path, '/');
    if (!slash || snprintf(control, sizeof control, "%.*s/cgroup.event_control",
                           (int)(slash - path), path) >= (int)sizeof control) {
        return -1;
    }
    AUTO_FD oom = open(path, O_RDONLY | O_CLOEXEC);
    AUTO_FD events = open(control, O_WRONLY | O_CLOEXEC);
    int fd = oom < 0 || events < 0 ? -1 : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int size = snprintf(line, sizeof line, "%d %d", fd, oom);
    if (fd >= 0 && write(events, line, (size_t)size) != size) {
        close_fd(&fd);
    }
    return fd;
}

// Without a descriptor all kills count until the end, as they do when the kernel tells of none.
void oom_watch(struct shim *shim) {
    const char *path = shim->context.settings.oom_file;
    if (!path || path[0] == 0) {
        return;
    }
    const char *name = strrchr(path, '/');
    shim->oom_by_file = name && strcmp(name, "/memory.events") == 0;
    shim->oom_events = shim->oom_by_file ? open(path, O_RDONLY | O_CLOEXEC) : register_event(path);
    if (!shim->oom_by_file) {
        shim->oom_look_ms = monotonic_ms() + LOOK_MS;
    } else if (shim->oom_events >= 0) {
        oom_event(shim); // poll(2) tells of changes since it was read
        shim->oom_check_ms = 0;
    }
}

// Nothing is counted yet: the kernel may tell before it has chosen whom to kill. And while the look
// is due no more is asked for, since memory.events also tells of every reclaim at the limit.
void oom_event(struct shim *shim) {
    char text[1024];
    ssize_t got = shim->oom_by_file ? pread(shim->oom_events, text, sizeof text, 0)
                                    : read(shim->oom_events, text, sizeof text);
    if (got < 0 && shim->oom_by_file) {
        close_fd(&shim->oom_events); // its cgroup is gone, and would be told of for ever
    }
    shim->oom_seen = shim->oom_before;
    shim->oom_check_ms = monotonic_ms() + LATE_MS;
}

// Whether a process is about to end, or has a SIGKILL that it could not take yet.
bool oom_dying(pid_t pid) {
    enum { EXITING = 4, KILLED = 1 << (9 - 1) };
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (size <= 0) {
        return true;
    }
    text[size] = 0;
    char state;
    unsigned long flags, pending;
    const char *rest = strrchr(text, ')'); // the name before it may hold anything
    return !rest ||
           sscanf(rest,
                  ") %c %*d %*d %*d %*d %*d %lu %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d "
                  "%*u %*u %*d %*u %*u %*u %*u %*u %*u %lu",
                  &state, &flags, &pending) != 3 ||
           state == 'Z' || (flags & EXITING) || (pending & KILLED);
}

// Version 1 tells of kills at the group's own limit. It is silent when the whole machine, or a
// group above or below, has no memory left.
static void look(struct shim *shim) {
    if (shim->oom_look_ms == 0 || monotonic_ms() < shim->oom_look_ms) {
        return;
    }
    shim->oom_look_ms = monotonic_ms() + LOOK_MS;
    uint64_t kills = oom_kills(shim->context.settings.oom_file);
    if (kills < shim->oom_before) {
        shim->oom_before = kills; // a group below has gone, and its count with it
    } else if (kills > shim->oom_before && shim->oom_check_ms == 0) {
        shim->oom_seen = shim->oom_before;
        shim->oom_check_ms = monotonic_ms() + LATE_MS;
    }
}

// When the next look is due, in milliseconds of the monotonic clock; 0 for never.
uint64_t oom_due(const struct shim *shim) {
    if (shim->phase != PHASE_RUNNING || shim->oom_look_ms == 0 ||
        (shim->oom_check_ms != 0 && shim->oom_check_ms < shim->oom_look_ms)) {
        return shim->oom_check_ms;
    }
    return shim->oom_look_ms;
}

// What the OOM killer did and the container has outlived cannot be why it ends, when it does.
void oom_check(struct shim *shim) {
    if (shim->phase == PHASE_RUNNING) {
        look(shim);
    }
    if (shim->oom_check_ms == 0 || monotonic_ms() < shim->oom_check_ms) {
        return;
    }
    uint64_t kills = oom_kills(shim->context.settings.oom_file);
    bool settled = kills == shim->oom_seen;
    if (shim->phase == PHASE_RUNNING && (!settled || oom_dying(shim->init))) {
        shim->oom_seen = kills; // some of it may have happened just now
        shim->oom_check_ms = monotonic_ms() + LATE_MS;
        return;
    }
    shim->oom_check_ms = 0;
    if (shim->phase == PHASE_RUNNING && !shim->kill_asked) {
        shim->oom_before = kills;
    }
}
