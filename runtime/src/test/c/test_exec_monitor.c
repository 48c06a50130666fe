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

// A monitor whose command wrote `size` bytes and has ended long ago, while something else holds the
// other end of its output, and maybe goes on writing there.
static pid_t monitor_of_an_ended(int connection, int output, int container) {
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        struct monitor monitor = {.gate = -1, .signals = -1, .told = true, .container = -1};
        monitor.context.settings.track = -1;
        monitor.streams = (struct streams){.in = -1, .out = {fcntl(output, F_DUPFD, 64), -1}};
        fcntl(monitor.streams.out[0], F_SETFL, O_NONBLOCK);
        monitor.container = container < 0 ? -1 : fcntl(container, F_DUPFD, 64);
        monitor.buffer = take_pages(STREAM_CHUNK);
        leader_ended(&monitor, 0);
        monitor.deadline_ms = 1;
        dup2(connection, CONNECTION);
        loop(&monitor);
        _exit(99);
    }
    return pid;
}

// Reads frames until the end of the exec is told; the bytes of output among them.
static size_t output_until_the_end(int connection) {
    static uint8_t frame[FRAME_HEADER + STREAM_CHUNK];
    size_t bytes = 0;
    for (;;) {
        CHECK(recv(connection, frame, FRAME_HEADER, MSG_WAITALL) == FRAME_HEADER);
        uint32_t size;
        memcpy(&size, frame, sizeof size);
        CHECK(recv(connection, frame + FRAME_HEADER, size, MSG_WAITALL) == (ssize_t)size);
        if (frame[4] == REP_EXEC_EXITED) {
            return bytes;
        }
        CHECK(frame[4] == REP_STDOUT);
        bytes += size;
    }
}

static void what_was_written_before_the_end_is_read_however_late(void) {
    enum { SIZE = 200000 };
    static char text[SIZE];
    int output[2], connection[2];
    CHECK(pipe2(output, O_CLOEXEC) == 0 && fcntl(output[1], F_SETPIPE_SZ, PIPE_SIZE) > 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, connection) == 0);
    CHECK(write(output[1], text, sizeof text) == (ssize_t)sizeof text);
    pid_t monitor = monitor_of_an_ended(connection[0], output[0], -1);
    close(connection[0]);
    CHECK(output_until_the_end(connection[1]) == SIZE);
    CHECK(waitpid(monitor, NULL, 0) == monitor);
    close(connection[1]);
    close(output[0]);
    close(output[1]);
}

static void what_goes_on_writing_is_not_waited_for(void) {
    static char text[65536];
    int output[2], connection[2];
    CHECK(pipe2(output, O_CLOEXEC) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, connection) == 0);
    pid_t writer = fork();
    CHECK(writer >= 0);
    if (writer == 0) {
        close(output[0]);
        signal(SIGPIPE, SIG_DFL);
        while (write(output[1], text, sizeof text) > 0) {
        }
        _exit(0);
    }
    pid_t monitor = monitor_of_an_ended(connection[0], output[0], -1);
    close(connection[0]);
    output_until_the_end(connection[1]);
    CHECK(waitpid(monitor, NULL, 0) == monitor);
    kill(writer, SIGKILL);
    CHECK(waitpid(writer, NULL, 0) == writer);
    close(connection[1]);
    close(output[0]);
    close(output[1]);
}

// A command that outlives being killed, since the kernel holds it, and a client that takes its
// time: the end is told after the frame that is on its way, not in the middle of it.
static void the_end_of_one_that_hangs_is_told_between_frames(void) {
    enum { SIZE = 60000 };
    static char text[SIZE];
    memset(text, 'x', sizeof text);
    int output[2], connection[2], room = 1;
    CHECK(pipe2(output, O_CLOEXEC) == 0 && fcntl(output[1], F_SETPIPE_SZ, PIPE_SIZE) > 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, connection) == 0);
    CHECK(setsockopt(connection[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof room) == 0);
    CHECK(write(output[1], text, sizeof text) == (ssize_t)sizeof text);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        struct monitor monitor = {.gate = -1, .signals = -1, .told = true, .container = -1};
        monitor.context.settings.track = -1;
        monitor.streams = (struct streams){.in = -1, .out = {fcntl(output[0], F_DUPFD, 64), -1}};
        monitor.buffer = take_pages(STREAM_CHUNK);
        monitor.timed_out = true;
        monitor.deadline_ms = 1;
        dup2(connection[0], CONNECTION);
        loop(&monitor);
        _exit(99);
    }
    close(connection[0]);
    uint32_t header[2], end[4];
    static char got[SIZE];
    CHECK(recv(connection[1], header, sizeof header, MSG_WAITALL) == (ssize_t)sizeof header);
    CHECK(header[0] == SIZE && header[1] == REP_STDOUT);
    CHECK(recv(connection[1], got, SIZE, MSG_WAITALL) == SIZE);
    CHECK(memcmp(got, text, SIZE) == 0);
    CHECK(recv(connection[1], end, sizeof end, MSG_WAITALL) == (ssize_t)sizeof end);
    CHECK(end[1] == REP_EXEC_EXITED && end[3] == true);
    CHECK(waitpid(pid, NULL, 0) == pid);
    close(connection[1]);
    close(output[0]);
    close(output[1]);
}

// A client that never reads, and a container that ends: who stands between them ends too.
static void a_paused_client_does_not_outlive_the_container(size_t size) {
    static char text[PIPE_SIZE];
    int output[2], connection[2], room = 1; // the least there is: a few KiB
    CHECK(pipe2(output, O_CLOEXEC) == 0 && fcntl(output[1], F_SETPIPE_SZ, PIPE_SIZE) > 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, connection) == 0);
    CHECK(setsockopt(connection[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof room) == 0);
    while (send(connection[0], text, 1, MSG_DONTWAIT) == 1) {
    }
    CHECK(write(output[1], text, size) == (ssize_t)size);
    close(output[1]);
    pid_t container = fork();
    CHECK(container >= 0);
    if (container == 0) {
        pause();
        _exit(0);
    }
    int pidfd = sys_pidfd_open(container);
    CHECK(pidfd >= 0);
    pid_t monitor = monitor_of_an_ended(connection[0], output[0], pidfd);
    close(connection[0]);
    kill(container, SIGKILL);
    CHECK(waitpid(monitor, NULL, 0) == monitor);
    CHECK(waitpid(container, NULL, 0) == container);
    close(pidfd);
    close(connection[1]);
    close(output[0]);
}

// The process between is killed, by the container's end for one, before there is a command.
static void killed_before_there_is_a_command(void) {
    int gate[2], connection[2];
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, gate) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, connection) == 0);
    close(gate[1]);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        struct monitor monitor = {.gate = fcntl(gate[0], F_DUPFD, 64), .signals = -1};
        monitor.context.settings.track = -1;
        dup2(connection[0], CONNECTION);
        read_gate(&monitor);
        _exit(99);
    }
    uint32_t frame[5];
    CHECK(recv(connection[1], frame, sizeof frame, MSG_WAITALL) > 0);
    CHECK((frame[1] & 0xffff) == REP_FAILED && frame[4] == ECHILD);
    CHECK(waitpid(pid, NULL, 0) == pid);
    close(gate[0]);
    close(connection[0]);
    close(connection[1]);
}

int main(void) {
    alarm(60); // instead of waiting for ever
    told_after_the_end(7, 0);
    told_after_the_end(0, SIGKILL);
    told_before_the_end();
    waiting_before_its_pid_is_told();
    what_was_written_before_the_end_is_read_however_late();
    what_goes_on_writing_is_not_waited_for();
    the_end_of_one_that_hangs_is_told_between_frames();
    a_paused_client_does_not_outlive_the_container(1);
    a_paused_client_does_not_outlive_the_container(0);
    killed_before_there_is_a_command();
    printf(
        "exec_monitor: ends before the pid is told, output after the end, a client that pauses\n");
    return 0;
}
