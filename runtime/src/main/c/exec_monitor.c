// Stands between one exec and its client: relays its streams, keeps its time, kills it whole.
#define _GNU_SOURCE
#include "cgroup_kill.h"
#include "cleanup.h"
#include "shim.h"
#include "sys.h"
#include "wire.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CONNECTION = 3, PIDFD = 4, FIRST_OWN = 5, EARLY = 4 };
enum { DRAIN_MS = 500, STUCK_MS = 2000, FAREWELL_MS = 2000 };

struct monitor {
    int gate, signals;
    int container; // pidfd of its first process, or -1 once that has ended
    pid_t leader;
    bool told, failed, ended, timed_out;
    bool parting; // the end has been told, as far as the client takes it
    int status;
    // Children that were reaped before it was known which of them is the leader.
    struct {
        pid_t pid;
        int status;
    } early[EARLY];
    int early_count;
    uint64_t deadline_ms; // 0: none
    uint64_t farewell_ms; // when a client that pauses is left; 0: not while there is a container
    // What may still be on its way when the leader has ended, however late the client takes it.
    size_t owed[2];
    struct context context;
    struct streams streams;
    struct inlet inlet;
    struct outlet outlet;
    uint8_t *buffer;
};

static void kill_whole(struct monitor *monitor) {
    if (monitor->leader > 0 && !monitor->ended) {
        kill(monitor->leader, SIGKILL);
    } else if (monitor->leader == 0 && monitor->context.child > 0) {
        kill(monitor->context.child, SIGKILL);
    }
    if (monitor->context.settings.track >= 0) {
        cgroup_kill(monitor->context.settings.track);
    }
}

// The exec's cgroup goes when nothing is left in it; a background process keeps it, and it then
// goes with the container's.
static void remove_cgroup(struct monitor *monitor) {
    struct settings *settings = &monitor->context.settings;
    for (int tries = 0; settings->track_name[0] != 0 && tries < 20; tries++) {
        if (unlinkat(settings->track_parent, settings->track_name, AT_REMOVEDIR) == 0 ||
            errno != EBUSY || !monitor->timed_out) {
            break;
        }
        poll(NULL, 0, 5);
    }
    settings->track_name[0] = 0;
}

_Noreturn static void leave(struct monitor *monitor, int code) {
    remove_cgroup(monitor);
    _exit(code);
}

_Noreturn static void refuse(struct monitor *monitor) {
    kill_whole(monitor);
    frame_send_failure(CONNECTION, &monitor->context.failure);
    leave(monitor, 1);
}

static void begin(struct monitor *monitor, uint8_t *plan, size_t size) {
    struct context *context = &monitor->context;
    int pair[2];
    if (!plan || plan_open(&context->plan, plan, size) < 0) {
        errno = EBADMSG;
        fail(context, "plan", "malformed");
        refuse(monitor);
    }
    struct plan walk = context->plan;
    struct op op;
    while (plan_next(&walk, &op) > 0 && op.code < OP_FORK) {
        if (op.code == OP_STDIO) {
            op_stdio(context, &op.fields);
        }
    }
    if (streams_make(&monitor->streams, &context->settings, context->streams) < 0 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
        fail(context, "pipe2", "streams");
        refuse(monitor);
    }
    monitor->gate = pair[0];
    context->gate = pair[1];
    if (plan_run(context) < 0) {
        refuse(monitor);
    }
    close(pair[1]);
    close_three(context->streams);
    munmap(plan, size);
    if (context->settings.time_limit_ms > 0) {
        monitor->deadline_ms = monotonic_ms() + context->settings.time_limit_ms;
    }
}

static void executed(struct monitor *monitor) {
    close_fd(&monitor->gate);
    if (!monitor->failed && monitor->leader == 0) { // who was to tell its pid is gone
        errno = ECHILD;
        fail(&monitor->context, "clone3", "killed in setup");
        monitor->failed = true;
    }
    if (monitor->failed) {
        refuse(monitor);
    }
    uint32_t pid = (uint32_t)monitor->leader;
    monitor->told = true;
    if (!frame_send(CONNECTION, REP_EXEC_STARTED, &pid, sizeof pid)) {
        kill_whole(monitor);
        leave(monitor, 1);
    }
}

static void leader_ended(struct monitor *monitor, int status) {
    monitor->ended = true;
    monitor->status = status;
    monitor->owed[0] = monitor->owed[1] = PIPE_SIZE;
    // Something in the background may hold the streams open: that is not waited for.
    monitor->deadline_ms = monotonic_ms() + DRAIN_MS;
}

// The process that clones the leader tells its pid afterwards: a quick command has ended by then.
static void leader_known(struct monitor *monitor, pid_t pid) {
    monitor->leader = pid;
    for (int i = 0; i < monitor->early_count; i++) {
        if (monitor->early[i].pid == pid) {
            leader_ended(monitor, monitor->early[i].status);
        }
    }
}

static void read_gate(struct monitor *monitor) {
    struct report report;
    int fd;
    long size;
    while (monitor->gate >= 0 && (size = report_receive(monitor->gate, &report, &fd)) >= 0) {
        if (size == 0) {
            executed(monitor);
        } else if (report.type == REPORT_PID) {
            leader_known(monitor, report.value);
        } else if (report.type == REPORT_TERMINAL && fd >= 0) {
            streams_terminal(&monitor->streams, fd, monitor->context.settings.stdin_open);
        } else if (report.type == REPORT_FAILED) {
            monitor->context.failure = report.failure;
            monitor->failed = true;
        }
    }
}

static void reap(struct monitor *monitor) {
    int status;
    pid_t pid;
    struct signalfd_siginfo info;
    while (read(monitor->signals, &info, sizeof info) > 0) {
    }
    read_gate(monitor);
    while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0) {
        bool joiner = pid == monitor->context.child;
        if (joiner) {
            monitor->context.child = 0;
        }
        if (pid == monitor->leader) {
            leader_ended(monitor, status);
        } else if (WIFSIGNALED(status) && joiner && !monitor->timed_out) {
            read_gate(monitor); // its last words: with them said its own end means nothing any more
            if (monitor->leader == 0) {
                executed(monitor); // which refuses, since nobody will tell the leader's pid
            }
        } else if (monitor->leader == 0 && monitor->early_count < EARLY) {
            monitor->early[monitor->early_count].pid = pid;
            monitor->early[monitor->early_count++].status = status;
        }
    }
}

static void relay_output(struct monitor *monitor, int stream) {
    ssize_t size = read(monitor->streams.out[stream], monitor->buffer, STREAM_CHUNK);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    size_t *owed = &monitor->owed[stream];
    *owed = size > 0 && (size_t)size < *owed ? *owed - (size_t)size : 0;
    if (size <= 0) {
        close_fd(&monitor->streams.out[stream]);
    } else if (!outlet_frame(&monitor->outlet, CONNECTION, (uint16_t)(REP_STDOUT + stream),
                             monitor->buffer, (size_t)size)) {
        kill_whole(monitor);
        leave(monitor, 1);
    }
}

static void control(struct monitor *monitor, bool hung_up) {
    struct inlet *inlet = &monitor->inlet;
    // Input that the command does not read hides the end of the connection behind it.
    enum inlet_result result =
        hung_up && inlet_waits(inlet) ? INLET_GONE : inlet_read(inlet, CONNECTION);
    if (result == INLET_GONE || result == INLET_PLAN) { // the client left: so does the exec
        monitor->timed_out = true;
        kill_whole(monitor);
        leave(monitor, 1);
    }
    if (result == INLET_FRAME) {
        int signal = (int)inlet_u32(inlet, 0);
        if (inlet->type == REQ_CLOSE_STDIN) {
            streams_close_input(&monitor->streams);
        } else if (inlet->type == REQ_RESIZE) {
            streams_resize(&monitor->streams, inlet_u32(inlet, 0), inlet_u32(inlet, 1));
        } else if (inlet->type == REQ_SIGNAL && signal == SIGKILL) {
            kill_whole(monitor);
        } else if (inlet->type == REQ_SIGNAL && monitor->leader > 0 && !monitor->ended) {
            kill(monitor->leader, signal);
        }
        inlet_next(inlet);
    }
    if (inlet_waits(inlet) && !inlet_push(inlet, monitor->streams.in)) {
        streams_close_input(&monitor->streams);
    }
}

// The client may still be reading what came before, or pause: what it does not take now it is
// owed, like output.
static void tell_end(struct monitor *monitor) {
    bool killed = WIFSIGNALED(monitor->status);
    uint32_t end[] = {killed ? 128 + (uint32_t)WTERMSIG(monitor->status)
                             : (uint32_t)WEXITSTATUS(monitor->status),
                      monitor->timed_out};
    remove_cgroup(monitor);
    close_fd(&monitor->streams.in);
    close_fd(&monitor->streams.out[0]);
    close_fd(&monitor->streams.out[1]);
    monitor->parting = true;
    if (!outlet_frame(&monitor->outlet, CONNECTION, REP_EXEC_EXITED, end, sizeof end)) {
        leave(monitor, 1);
    }
}

// Takes what the streams hold, or learns that they hold nothing.
static void relay(struct monitor *monitor, const struct pollfd *polls) {
    for (int stream = 0; stream < 2; stream++) {
        if (polls[stream].revents == 0) {
            if (polls[stream].fd >= 0) {
                monitor->owed[stream] = 0;
            }
        } else if (!outlet_waits(&monitor->outlet)) {
            relay_output(monitor, stream);
        }
    }
}

// Whether all is over: output that a background process holds open is not waited for, but what was
// written before the end is not lost to a slow client either.
static bool complete(const struct monitor *monitor, bool late) {
    bool drained = true, owes = false;
    for (int stream = 0; stream < 2; stream++) {
        bool open = monitor->streams.out[stream] >= 0;
        drained = drained && !open;
        owes = owes || (open && monitor->owed[stream] > 0);
    }
    return monitor->ended && !outlet_waits(&monitor->outlet) && (drained || (late && !owes));
}

enum source { SIGNALS, GATE, OUT, ERR, IN, CLIENT, CONTAINER, SOURCES };

static int until(const struct monitor *monitor, bool busy) {
    uint64_t at =
        monitor->parting || (monitor->ended && busy) ? monitor->farewell_ms : monitor->deadline_ms;
    uint64_t now = monotonic_ms();
    return at == 0 ? -1 : now >= at ? 0 : (int)(at - now);
}

static void turn(struct monitor *monitor, struct pollfd *polls) {
    bool busy = outlet_waits(&monitor->outlet);
    bool open = monitor->told && !busy;
    bool heard = !monitor->parting && !inlet_waits(&monitor->inlet);
    polls[SIGNALS] = (struct pollfd){monitor->signals, POLLIN, 0};
    polls[GATE] = (struct pollfd){monitor->gate, POLLIN, 0};
    polls[OUT] = (struct pollfd){open ? monitor->streams.out[0] : -1, POLLIN, 0};
    polls[ERR] = (struct pollfd){open ? monitor->streams.out[1] : -1, POLLIN, 0};
    polls[IN] =
        (struct pollfd){inlet_waits(&monitor->inlet) ? monitor->streams.in : -1, POLLOUT, 0};
    polls[CLIENT] =
        (struct pollfd){CONNECTION, (short)((heard ? POLLIN : 0) | (busy ? POLLOUT : 0)), 0};
    polls[CONTAINER] = (struct pollfd){monitor->ended ? monitor->container : -1, POLLIN, 0};
    if (poll(polls, SOURCES, until(monitor, busy)) < 0) {
        for (int i = 0; i < SOURCES; i++) {
            polls[i] = (struct pollfd){.fd = -1};
        }
    }
}

// Who pauses may do so as long as there is a container. Then it goes, and who stands beside it too.
static void container_ended(struct monitor *monitor) {
    monitor->container = -1;
    monitor->farewell_ms = monotonic_ms() + FAREWELL_MS;
}

static void check_time(struct monitor *monitor) {
    bool late = monitor->deadline_ms > 0 && monotonic_ms() >= monitor->deadline_ms;
    if (late && !monitor->ended && !monitor->timed_out) {
        monitor->timed_out = true;
        monitor->deadline_ms = monotonic_ms() + STUCK_MS;
        kill_whole(monitor);
        return;
    }
    // It dies as soon as it is thawed, or the kernel lets it go: that is not waited for.
    monitor->ended = monitor->ended || late;
    if (complete(monitor, late)) {
        tell_end(monitor);
    }
}

// What the client takes and says; true when it has left.
static bool serve(struct monitor *monitor, const struct pollfd *polls) {
    bool hung_up = (polls[CLIENT].revents & (POLLHUP | POLLERR)) != 0;
    if (polls[CLIENT].revents & POLLOUT && !outlet_push(&monitor->outlet, CONNECTION)) {
        hung_up = true;
    }
    if (!monitor->parting && (hung_up || polls[CLIENT].revents & ~POLLOUT)) {
        control(monitor, hung_up);
    }
    return hung_up;
}

static void loop(struct monitor *monitor) {
    struct pollfd polls[SOURCES];
    for (;;) {
        turn(monitor, polls);
        if (polls[SIGNALS].revents) {
            reap(monitor);
        }
        if (polls[GATE].revents) {
            read_gate(monitor);
        }
        relay(monitor, polls + OUT);
        if (polls[IN].revents && !inlet_push(&monitor->inlet, monitor->streams.in)) {
            streams_close_input(&monitor->streams);
        }
        bool hung_up = serve(monitor, polls);
        if (polls[CONTAINER].revents) {
            container_ended(monitor);
        }
        if (!monitor->parting) {
            check_time(monitor);
        }
        bool waits = outlet_waits(&monitor->outlet);
        bool over = monitor->farewell_ms > 0 && monotonic_ms() >= monitor->farewell_ms;
        if ((monitor->parting && (hung_up || !waits)) || (waits && over)) {
            leave(monitor, 0);
        }
    }
}

_Noreturn void exec_monitor(struct shim *shim, int connection, size_t plan_size) {
    int client = fcntl(connection, F_DUPFD_CLOEXEC, 128);
    int pidfd = fcntl(shim->init_pidfd, F_DUPFD_CLOEXEC, 128);
    struct monitor monitor = {.gate = -1, .container = PIDFD};
    monitor.context = (struct context){.settings = {.track = -1, .track_parent = -1},
                                       .init_pidfd = PIDFD,
                                       .root = -1,
                                       .proc = -1,
                                       .streams = {-1, -1, -1},
                                       .arguments = shim->arguments,
                                       .arguments_size = shim->arguments_size,
                                       .process = PROCESS_SHIM};
    if (dup3(client, CONNECTION, O_CLOEXEC) < 0 || dup3(pidfd, PIDFD, O_CLOEXEC) < 0) {
        _exit(1);
    }
    sys_close_range(FIRST_OWN, ~0U, 0);
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    monitor.signals = signalfd(-1, &child, SFD_NONBLOCK | SFD_CLOEXEC);
    monitor.buffer = take_pages(STREAM_CHUNK);
    if (!monitor.buffer) {
        _exit(1);
    }
    begin(&monitor, frame_read_plan(CONNECTION, plan_size), plan_size);
    loop(&monitor);
    _exit(1);
}
