// What ends or waits before its pid is told: the process that clones another one tells the pid
// afterwards, and on a busy machine the other one is faster.
#define _GNU_SOURCE
#include "check.h"
#include "exec_monitor.c"
#include <fcntl.h>

static pid_t ended_child(int code, int signal) {
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        if (signal) {
            kill(getpid(), signal);
        }
        _exit(code);
    }
    siginfo_t info;
    CHECK(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0);
    return pid;
}

static void told_after_the_end(int code, int signal) {
    int pair[2];
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
    struct monitor monitor = {.gate = pair[0], .signals = -1};
    monitor.context.settings.track = -1;
    pid_t joiner = ended_child(0, 0);
    pid_t leader = ended_child(code, signal);
    monitor.context.child = joiner;
    reap(&monitor);
    CHECK(waitpid(leader, NULL, WNOHANG) < 0 && errno == ECHILD);
    CHECK(monitor.leader == 0 && !monitor.ended && monitor.early_count == 2);
    CHECK(report_send(pair[1], REPORT_PID, leader, NULL, -1) == 0);
    read_gate(&monitor);
    CHECK(monitor.leader == leader && monitor.ended && monitor.deadline_ms > 0);
    CHECK(signal ? WIFSIGNALED(monitor.status) && WTERMSIG(monitor.status) == signal
                 : WIFEXITED(monitor.status) && WEXITSTATUS(monitor.status) == code);
    close(pair[0]);
    close(pair[1]);
}

static void told_before_the_end(void) {
    int pair[2];
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
    struct monitor monitor = {.gate = pair[0], .signals = -1};
    pid_t leader = ended_child(9, 0);
    CHECK(report_send(pair[1], REPORT_PID, leader, NULL, -1) == 0);
    reap(&monitor);
    CHECK(monitor.ended && monitor.early_count == 0 && WEXITSTATUS(monitor.status) == 9);
    close(pair[0]);
    close(pair[1]);
}

static void waiting_before_its_pid_is_told(void) {
    int gate[2], connection[2];
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, gate) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, connection) == 0);
    struct shim shim = {.phase = PHASE_PREPARING, .gate = gate[0], .init_pidfd = -1};
    shim.clients[0].fd = connection[0];
    CHECK(report_send(gate[1], REPORT_GATED, 0, NULL, -1) == 0);
    shim_gate(&shim);
    uint32_t frame[3];
    CHECK(shim.phase == PHASE_PREPARING);
    CHECK(recv(connection[1], frame, sizeof frame, MSG_DONTWAIT) < 0 && errno == EAGAIN);
    CHECK(report_send(gate[1], REPORT_PID, getpid(), NULL, -1) == 0);
    shim_gate(&shim);
    CHECK(shim.phase == PHASE_GATED && shim.init_pidfd >= 0);
    CHECK(recv(connection[1], frame, sizeof frame, MSG_DONTWAIT) == (ssize_t)sizeof frame);
    CHECK(frame[0] == sizeof(uint32_t) && frame[2] == (uint32_t)getpid());
    close(shim.init_pidfd);
    for (int i = 0; i < 2; i++) {
        close(gate[i]);
        close(connection[i]);
    }
}

int main(void) {
    told_after_the_end(7, 0);
    told_after_the_end(0, SIGKILL);
    told_before_the_end();
    waiting_before_its_pid_is_told();
    printf("exec_monitor: ends and waits before the pid is told\n");
    return 0;
}
