// The shim beside a container that fails in its setup, and what is logged at a container's end.
#define _GNU_SOURCE
#include "cgroup_kill.h"
#include "check.h"
#include "exit_record.h"
#include "shim.h"
#include "wire.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char NO_SOCKET[] = "/nonexistent/socket";

static pid_t ended_child(void) {
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        _exit(125);
    }
    siginfo_t info;
    CHECK(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0);
    return pid;
}

struct preparing {
    struct shim shim;
    int gate, client; // the other ends
};

static void prepare(struct preparing *made) {
    int gate[2], connection[2];
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, gate) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, connection) == 0);
    *made = (struct preparing){.gate = gate[1], .client = connection[1]};
    made->shim.phase = PHASE_PREPARING;
    made->shim.gate = gate[0];
    made->shim.init_pidfd = -1;
    made->shim.socket = NO_SOCKET;
    for (int i = 0; i < MAX_CLIENTS; i++) {
        made->shim.clients[i].fd = -1;
    }
    made->shim.clients[0].fd = connection[0];
}

static void expect_failure(struct preparing *made, int error) {
    uint32_t frame[5];
    CHECK(made->shim.phase == PHASE_OVER);
    CHECK(recv(made->client, frame, sizeof frame, MSG_DONTWAIT) == (ssize_t)sizeof frame);
    CHECK((frame[1] & 0xffff) == REP_FAILED && frame[4] == (uint32_t)error);
    close(made->gate);
    close(made->client);
    close(made->shim.clients[0].fd);
}

// Who cloned the container's process has told its pid, and the scheduler keeps it from ending: the
// gate stays open although nobody is there who would say more.
static void a_failure_is_told_while_the_gate_is_open(void) {
    struct preparing made;
    prepare(&made);
    struct failure why = {.error = ENOTDIR, .call = "mount"};
    made.shim.init = ended_child();
    CHECK(report_send(made.gate, REPORT_FAILED, 0, &why, -1) == 0);
    shim_reap(&made.shim);
    expect_failure(&made, ENOTDIR);
}

// A number that is told after its process was reaped may be another's by then.
static void a_pid_told_after_the_end_is_nobodys(void) {
    struct preparing made;
    prepare(&made);
    struct failure why = {.error = ENOENT, .call = "setns"};
    pid_t gone = ended_child();
    CHECK(report_send(made.gate, REPORT_FAILED, 0, &why, -1) == 0);
    shim_reap(&made.shim);
    CHECK(made.shim.phase == PHASE_PREPARING);
    CHECK(report_send(made.gate, REPORT_PID, gone, NULL, -1) == 0);
    shim_gate(&made.shim);
    CHECK(made.shim.init == 0);
    close(made.gate);
    made.gate = -1;
    shim_gate(&made.shim);
    expect_failure(&made, ENOENT);
}

// The disk took so long that the time for the rest is over when the shim comes back from a write.
static void output_from_before_the_end_is_logged_after_the_deadline(void) {
    enum { SIZE = 200000 };
    static char text[SIZE];
    memset(text, 'x', sizeof text);
    int output[2];
    CHECK(pipe2(output, O_CLOEXEC) == 0 && fcntl(output[1], F_SETPIPE_SZ, PIPE_SIZE) > 0);
    CHECK(fcntl(output[0], F_SETFL, O_NONBLOCK) == 0);
    CHECK(write(output[1], text, sizeof text) == (ssize_t)sizeof text);
    char path[] = "/tmp/test_shim.XXXXXX";
    CHECK(close(mkstemp(path)) == 0);
    static struct shim shim;
    shim.phase = PHASE_ENDED;
    shim.socket = NO_SOCKET;
    shim.streams = (struct streams){.in = -1, .out = {output[0], -1}};
    for (int i = 0; i < MAX_CLIENTS; i++) {
        shim.clients[i].fd = -1;
    }
    CHECK(shim_buffers(&shim) == 0 && log_open(&shim.log, path) == 0);
    shim_finish(&shim); // the other end is open: something in the background has it
    static char logged[2 * SIZE];
    int log = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = read(log, logged, sizeof logged);
    size_t found = 0;
    for (ssize_t i = 0; i < size; i++) {
        found += logged[i] == 'x';
    }
    CHECK(found == SIZE);
    CHECK(unlink(path) == 0);
    close(log);
    close(shim.log.fd);
    close(output[1]);
}

// A directory that looks like a control group, and one below it.
struct groups {
    char path[64], below[80];
};

static void write_file(const char *directory, const char *name, const char *text) {
    char path[160];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static void make_groups(struct groups *made) {
    strcpy(made->path, "/tmp/test_shim.XXXXXX");
    CHECK(mkdtemp(made->path));
    snprintf(made->below, sizeof made->below, "%s/below", made->path);
    CHECK(mkdir(made->below, 0700) == 0);
}

static void remove_groups(const struct groups *groups, const char *name) {
    char path[160];
    const char *all[] = {groups->below, groups->path};
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", all[i], name);
        unlink(path);
        CHECK(rmdir(all[i]) == 0);
    }
}

// Version 1: what the container has moved into a group of its own making is killed with it.
static void groups_below_are_killed_too(void) {
    struct groups groups;
    make_groups(&groups);
    pid_t victim = fork();
    CHECK(victim >= 0);
    if (victim == 0) {
        pause();
        _exit(0);
    }
    char line[16];
    snprintf(line, sizeof line, "%d\n", (int)victim);
    write_file(groups.path, "cgroup.procs", "");
    write_file(groups.below, "cgroup.procs", line);
    int directory = open(groups.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(directory >= 0);
    cgroup_kill_once(directory);
    int status;
    CHECK(waitpid(victim, &status, 0) == victim && WIFSIGNALED(status));
    close(directory);
    remove_groups(&groups, "cgroup.procs");
}

// Looks again, as the shim does when the time for it has come.
static void look_later(struct shim *shim) {
    shim->oom_look_ms = shim->oom_look_ms == 0 ? 0 : 1;
    shim->oom_check_ms = shim->oom_check_ms == 0 ? 0 : 1;
    oom_check(shim);
}

// Version 1 tells nobody when a process is killed because the whole machine has no memory left.
static void kills_that_nobody_tells_of_are_outlived(void) {
    struct groups groups;
    char path[160];
    make_groups(&groups);
    snprintf(path, sizeof path, "%s/memory.oom_control", groups.path);
    write_file(groups.path, "memory.oom_control", "under_oom 0\noom_kill 0\n");
    write_file(groups.below, "memory.oom_control", "under_oom 0\noom_kill 0\n");
    static struct shim shim;
    shim.phase = PHASE_RUNNING;
    shim.init = getpid();
    shim.oom_events = -1;
    shim.context.settings.oom_file = path;
    oom_watch(&shim);
    write_file(groups.path, "memory.oom_control", "under_oom 0\noom_kill 1\n");
    write_file(groups.below, "memory.oom_control", "under_oom 0\noom_kill 2\n");
    CHECK(oom_kills(path) == 3);
    look_later(&shim); // finds them
    CHECK(shim.oom_before == 0 && oom_due(&shim) > 0);
    look_later(&shim); // they are new
    look_later(&shim); // they are outlived
    CHECK(shim.oom_before == 3);
    write_file(groups.below, "memory.oom_control", "under_oom 0\noom_kill 0\n");
    look_later(&shim); // a group has gone, with its count
    CHECK(shim.oom_before == 1);
    close(shim.oom_events);
    remove_groups(&groups, "memory.oom_control");
}

// The OOM killer was first: being asked to kill it as well, while it dies, does not change why.
static void a_kill_of_one_that_dies_is_not_its_reason(void) {
    char path[] = "/tmp/test_shim.XXXXXX";
    int file = mkstemp(path);
    CHECK(file >= 0 && write(file, "oom_kill 1\n", 11) == 11);
    static struct shim shim;
    shim.context.settings.oom_file = path;
    shim.init = ended_child();
    shim_kill_asked(&shim);
    CHECK(shim.oom_before == 0);
    CHECK(waitpid(shim.init, NULL, 0) == shim.init);
    shim.init = getpid();
    shim_kill_asked(&shim);
    CHECK(shim.oom_before == 1);
    CHECK(unlink(path) == 0);
    close(file);
}

int main(void) {
    alarm(60); // instead of waiting for ever
    a_failure_is_told_while_the_gate_is_open();
    a_pid_told_after_the_end_is_nobodys();
    output_from_before_the_end_is_logged_after_the_deadline();
    groups_below_are_killed_too();
    kills_that_nobody_tells_of_are_outlived();
    a_kill_of_one_that_dies_is_not_its_reason();
    printf("shim: failures in setup, output at the end, groups below, OOM\n");
    return 0;
}
