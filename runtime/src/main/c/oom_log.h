// What the kernel's log says about the OOM killer.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct oom_story {
    bool named;         // it killed the process
    bool empty;         // there is no record at all
    uint64_t oldest_us; // of the records that are left, in the log's own clock
};

// Reads records, one by each read(2), to the end of what there is. Those before `since_us` are not
// about the process, whose number somebody else may have had.
void oom_log_read(int log, pid_t pid, uint64_t since_us, struct oom_story *story);

// Whether it is certain that the OOM killer did not kill the process, which was there for
// `lifetime_ms` and is gone.
bool oom_log_denies(pid_t pid, uint64_t lifetime_ms);
