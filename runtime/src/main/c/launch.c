// From a plan to a running process, and what happens when that fails.
#define _GNU_SOURCE
#include "cgroup_kill.h"
#include "cleanup.h"
#include "exit_record.h"
#include "shim.h"
#include "sys.h"
#include "wire.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { DRAIN_MS = 2000 };

static uint64_t wall_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static struct client *take_waiting(struct shim *shim) {
    struct client *client = shim->waiting == NOBODY ? NULL : &shim->clients[shim->waiting];
    shim->waiting = NOBODY;
    return client;
}

// Streams and log are needed before the first fork: they are the child's from birth.
static void read_settings(struct context *context) {
    struct plan walk = context->plan;
    struct op op;
    while (plan_next(&walk, &op) > 0 && op.code < OP_FORK) {
        if (op.code == OP_STDIO) {
            op_stdio(context, &op.fields);
        } else if (op.code == OP_LOG_FILE) {
            op_log_file(context, &op.fields);
        }
    }
}

// What outlives the plan.
static int keep_settings(struct settings *settings) {
    const char **kept[] = {&settings->exit_file, &settings->log_file, &settings->kill_dir,
                           &settings->oom_file, &settings->peak_file};
    size_t size = 0;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        size += *kept[i] ? strlen(*kept[i]) + 1 : 0;
    }
    char *to = take_pages(size);
    for (size_t i = 0; to && i < sizeof kept / sizeof *kept; i++) {
        if (*kept[i]) {
            size_t length = strlen(*kept[i]) + 1;
            *kept[i] = memcpy(to, *kept[i], length);
            to += length;
        }
    }
    return to ? 0 : -1;
}

static int prepare(struct shim *shim) {
    struct context *context = &shim->context;
    int pair[2];
    if (plan_open(&context->plan, shim->plan, shim->plan_size) < 0) {
        errno = EBADMSG;
        return fail(context, "plan", "malformed");
    }
    read_settings(context);
    if (log_open(&shim->log, context->settings.log_file) < 0) {
        return fail(context, "open", context->settings.log_file);
    }
    if (shim_buffers(shim) < 0) {
        return fail(context, "mmap", "buffers");
    }
    if (streams_make(&shim->streams, &context->settings, context->streams) < 0) {
        return fail(context, "pipe2", "streams");
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
        return fail(context, "socketpair", "gate");
    }
    shim->gate = pair[0];
    context->gate = pair[1];
    int result = plan_run(context);
    close(pair[1]);
    close_three(context->streams);
    if (result < 0) {
        return -1;
    }
    if (context->child_joins) {
        shim->joiner = context->child;
    } else {
        shim->init = context->child;
    }
    if (keep_settings(&context->settings) < 0) {
        return fail(context, "mmap", "settings");
    }
    shim->log.path = context->settings.log_file;
    return 0;
}

// Nothing is left of a launch that failed: the process is killed, and the shim ends without record.
static void abandon(struct shim *shim, const struct failure *failure) {
    struct client *client = take_waiting(shim);
    close_fd(&shim->gate); // whoever waits there ends
    shim_kill(shim);
    while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR) {
    }
    unlink(shim->socket);
    if (client) {
        frame_send_failure(client->fd, failure);
    }
    shim->phase = PHASE_OVER;
}

void shim_launch(struct shim *shim, struct client *client, size_t size) {
    if (shim->phase != PHASE_EMPTY) {
        client_drop(shim, client);
        return;
    }
    shim->plan = frame_read_plan(client->fd, size);
    shim->plan_size = size;
    if (!shim->plan) {
        shim_give_up(shim);
        return;
    }
    inlet_next(&client->inlet);
    shim->waiting = (int)(client - shim->clients);
    shim->phase = PHASE_PREPARING;
    shim->launched_ms = monotonic_ms();
    shim->context = (struct context){.settings = {.track = -1, .track_parent = -1},
                                     .init_pidfd = -1,
                                     .root = -1,
                                     .proc = -1,
                                     .streams = {-1, -1, -1},
                                     .arguments = shim->arguments,
                                     .arguments_size = shim->arguments_size,
                                     .process = PROCESS_SHIM};
    if (prepare(shim) < 0) {
        abandon(shim, &shim->context.failure);
    }
}

void shim_start(struct shim *shim, struct client *client) {
    if (shim->phase != PHASE_GATED) {
        client_error(shim, client, shim->phase < PHASE_GATED ? EBUSY : EALREADY, "start");
        return;
    }
    shim->phase = PHASE_STARTING;
    shim->waiting = (int)(client - shim->clients);
    if (send(shim->gate, "", 1, MSG_NOSIGNAL) != 1) {
        client_error(shim, client, ESRCH, "start");
        shim->waiting = NOBODY;
    }
}

static void gated(struct shim *shim) {
    bool first = shim->phase == PHASE_PREPARING;
    struct client *client = take_waiting(shim);
    if (first && !client) { // who asked for it is gone, and nobody will know of it
        struct failure failure = {.error = ECANCELED};
        abandon(shim, &failure);
        return;
    }
    shim->phase = PHASE_GATED;
    if (shim->init_pidfd < 0) {
        shim->init_pidfd = sys_pidfd_open(shim->init);
    }
    uint32_t pid = (uint32_t)shim->init;
    if (client && !frame_send(client->fd, first ? REP_CREATED : REP_GATED, &pid, sizeof pid)) {
        client_drop(shim, client);
    }
}

// End of file on the gate: everything that held it was closed by an exec, or has ended.
static void gate_closed(struct shim *shim) {
    close_fd(&shim->gate);
    if (shim->phase == PHASE_PREPARING) {
        struct failure failure = {.error = ECHILD, .call = "clone3", .detail = "killed in setup"};
        abandon(shim, shim->start_failed ? &shim->context.failure : &failure);
        return;
    }
    if (shim->phase != PHASE_STARTING) {
        return;
    }
    struct client *client = take_waiting(shim);
    if (shim->start_failed) {
        if (client) {
            frame_send_failure(client->fd, &shim->context.failure);
        }
        return; // SIGCHLD follows
    }
    shim->started_ns = wall_ns();
    shim->phase = PHASE_RUNNING;
    oom_watch(shim);
    munmap(shim->plan, shim->plan_size);
    bool over = shim->context.settings.detach;
    if (over) {
        unlink(shim->socket);
    }
    if (client) {
        client_status(shim, client);
    }
    shim->phase = over ? PHASE_OVER : PHASE_RUNNING;
}

void shim_gate(struct shim *shim) {
    struct report report;
    int fd;
    long size;
    while (shim->gate >= 0 && (size = report_receive(shim->gate, &report, &fd)) >= 0) {
        if (size == 0) {
            gate_closed(shim);
        } else if (report.type == REPORT_TERMINAL && fd >= 0) {
            streams_terminal(&shim->streams, fd, shim->context.settings.stdin_open);
        } else if (report.type == REPORT_PID) {
            shim->init = report.value == shim->gone_early ? 0 : report.value;
            if (shim->gated_early) {
                shim->gated_early = false;
                gated(shim);
            }
        } else if (report.type == REPORT_GATED && shim->init == 0) {
            shim->gated_early = true; // faster than the joiner, which is about to tell its pid
        } else if (report.type == REPORT_GATED) {
            gated(shim);
        } else if (report.type == REPORT_FAILED) {
            shim->context.failure = report.failure;
            shim->start_failed = true;
        }
    }
    if (shim->gate >= 0 && errno == ECONNRESET) {
        gate_closed(shim);
    }
}

void shim_reap(struct shim *shim) {
    shim_gate(shim); // what it said before it ended
    int status;
    pid_t pid;
    while (shim->phase != PHASE_OVER && (pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0) {
        if (pid == shim->joiner) {
            shim->joiner = 0;
        } else if (shim->phase == PHASE_PREPARING && shim->init == 0) {
            shim->gone_early = pid; // the number is nobody's, or somebody else's, from now on
        } else if (pid == shim->init) {
            shim->init = shim->phase == PHASE_PREPARING ? 0 : pid; // not to be killed any more
            shim_gate(shim);
            if (shim->gate >= 0) { // still held by who cloned it, who has nothing more to tell
                gate_closed(shim);
            }
            shim->status = status;
            shim->finished_ns = wall_ns();
            shim->deadline_ms = monotonic_ms() + DRAIN_MS;
            shim->init = 0;
            shim->context.child = pid;
            if (shim->phase != PHASE_OVER) {
                shim->phase = PHASE_ENDED;
                shim_kill(shim); // in a shared pid namespace its children live on
            }
        }
    }
}

// From here on its death is not the OOM killer's doing, whatever that did before. One that dies
// already does not die of being killed once more.
void shim_kill_asked(struct shim *shim) {
    const char *oom = shim->context.settings.oom_file;
    if (!shim->kill_asked && shim->init > 0 && oom && !oom_dying(shim->init)) {
        shim->kill_asked = true;
        shim->oom_before = oom_kills(oom);
    }
}

void shim_kill(struct shim *shim) {
    if (shim->joiner > 0) {
        kill(shim->joiner, SIGKILL);
    }
    if (shim->init > 0) {
        kill(shim->init, SIGKILL);
    }
    const char *path = shim->context.settings.kill_dir;
    AUTO_FD directory = path && path[0] != 0 ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (directory >= 0 && shim->init > 0) {
        cgroup_kill_once(directory); // the rest is seen to when the first process has ended
    } else if (directory >= 0) {
        cgroup_kill(directory);
    }
}
