#define _GNU_SOURCE
#include "check.h"
#include "oom_log.h"
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// Each record is read by one read(2), as from the kernel.
static struct oom_story told(pid_t pid, uint64_t since_us, const char *const *records) {
    int ends[2];
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends) == 0);
    for (; *records; records++) {
        CHECK(write(ends[1], *records, strlen(*records)) == (ssize_t)strlen(*records));
    }
    struct oom_story story;
    oom_log_read(ends[0], pid, since_us, &story);
    close(ends[0]);
    close(ends[1]);
    return story;
}

#define KILLED(pid) "Memory cgroup out of memory: Killed process " pid " (dd) total-vm:23632kB\n"

int main(void) {
    const char *const log[] = {
        "6,100,5000000,-;Linux version\n",
        "6,101,7000000,-;" KILLED("11"),
        "3,102,8000000,-;Out of memory: Killed process 12 (java) total-vm:1kB\n SUBSYSTEM=x\n",
        // a program's own words
        "14,103,9000000,-;" KILLED("13"),
        "nonsense",
        "6,x",
        NULL,
    };
    struct oom_story story = told(12, 0, log);
    CHECK(!story.empty && story.named && story.oldest_us == 5000000);
    CHECK(told(11, 0, log).named);
    CHECK(!told(1, 0, log).named);
    CHECK(!told(112, 0, log).named);
    CHECK(!told(13, 0, log).named);
    // somebody else had the number before
    CHECK(!told(11, 7000001, log).named);
    CHECK(told(11, 7000000, log).named);
    const char *const nothing[] = {NULL};
    CHECK(told(11, 0, nothing).empty);
    printf("oom_log: whom the kernel says it killed\n");
    return 0;
}
