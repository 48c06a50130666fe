// The shim beside a container that fails in its setup, and what is logged at a container's end.
#define _GNU_SOURCE
#include "check.h"
#include "shim.h"
#include "wire.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
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

int main(void) {
    alarm(60); // instead of waiting for ever
    a_failure_is_told_while_the_gate_is_open();
    a_pid_told_after_the_end_is_nobodys();
    output_from_before_the_end_is_logged_after_the_deadline();
    printf("shim: failures in setup, output at the end\n");
    return 0;
}
