// Cgroups count what the OOM killer does, and nothing more. Whom it killed only the kernel's log
// says: one line for each process, also where a whole group is killed, and by no means limited.
#define _GNU_SOURCE
#include "oom_log.h"
#include "cleanup.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    RECORD_MAX = 8192, // CONSOLE_EXT_LOG_MAX of printk.h
    SLACK_MS = 10000,  // between the log's clock and ours
    RECENT_MS = 60000, // a process that was killed is gone by then, if it ever goes
    LOOKS = 5,         // the signal is sent a moment before the line is written
    BETWEEN_MS = 20,
    KERNEL_PRIORITIES = 8, // what programs write to the log has another facility
};

// "priority,sequence,microseconds,flags;text". Programs may write such texts, too, but not with a
// priority of the kernel's.
static void take(const char *record, pid_t pid, uint64_t since_us, struct oom_story *story) {
    unsigned priority;
    unsigned long long at_us;
    char killed[64];
    const char *text = strchr(record, ';');
    if (!text || sscanf(record, "%u,%*u,%llu,", &priority, &at_us) != 2) {
        return;
    }
    if (story->empty || at_us < story->oldest_us) {
        story->empty = false;
        story->oldest_us = at_us;
    }
    snprintf(killed, sizeof killed, ": Killed process %d (", (int)pid);
    if (priority < KERNEL_PRIORITIES && at_us >= since_us && strstr(text, killed)) {
        story->named = true;
    }
}

void oom_log_read(int log, pid_t pid, uint64_t since_us, struct oom_story *story) {
    char record[RECORD_MAX + 1];
    *story = (struct oom_story){.empty = true};
    for (;;) {
        ssize_t size = read(log, record, RECORD_MAX);
        if (size > 0) {
            record[size] = 0;
            take(record, pid, since_us, story);
        } else if (size == 0 || (errno != EPIPE && errno != EINTR)) {
            return; // EPIPE: what came next was overwritten, there is more
        }
    }
}

// The log has the numbers that processes have in the first of all pid namespaces.
static bool in_first_namespace(void) {
    char name[64];
    ssize_t size = readlink("/proc/self/ns/pid", name, sizeof name - 1);
    name[size < 0 ? 0 : size] = 0;
    return strcmp(name, "pid:[4026531836]") == 0; // PROC_PID_INIT_INO of proc_ns.h
}

// The log's clock follows no correction of the time, nor does this one.
static uint64_t uptime_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static uint64_t before(uint64_t ms, uint64_t span_ms) {
    return ms > span_ms ? ms - span_ms : 0;
}

bool oom_log_denies(pid_t pid, uint64_t lifetime_ms) {
    if (!in_first_namespace()) {
        return false;
    }
    struct oom_story story;
    uint64_t now = uptime_ms();
    for (int look = 0; look < LOOKS; look++) {
        AUTO_FD log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        if (log < 0) {
            return false;
        }
        oom_log_read(log, pid, before(now, lifetime_ms + SLACK_MS) * 1000, &story);
        if (story.named) {
            return false;
        }
        nanosleep(&(struct timespec){.tv_nsec = BETWEEN_MS * 1000000L}, NULL);
    }
    // A log that does not reach back far enough proves nothing.
    uint64_t span = lifetime_ms < RECENT_MS ? lifetime_ms : RECENT_MS;
    return !story.empty && story.oldest_us / 1000 <= before(now, span + SLACK_MS);
}
