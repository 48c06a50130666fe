// The shim's loop: one poll for the container, its streams and all clients.
#define _GNU_SOURCE
#include "shim.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_FOR_PLAN_MS = 30000, IDLE_MS = 500 };

enum source { SIGNALS, LISTENER, GATE, OUT, ERR, IN, OOM, CLIENTS };

uint64_t monotonic_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool input_waits(const struct shim *shim) {
    for (int i = 0; i < MAX_CLIENTS; i++) {
        if (shim->clients[i].feeds && inlet_waits(&shim->clients[i].inlet)) {
            return true;
        }
    }
    return false;
}

static void collect(const struct shim *shim, struct pollfd *polls) {
    polls[SIGNALS] = (struct pollfd){shim->signals, POLLIN, 0};
    // While all places are taken, who comes waits in front of the door.
    polls[LISTENER] = (struct pollfd){shim_has_room(shim) ? shim->listener : -1, POLLIN, 0};
    polls[GATE] = (struct pollfd){shim->gate, POLLIN, 0};
    polls[OUT] = (struct pollfd){shim->streams.out[0], POLLIN, 0};
    polls[ERR] = (struct pollfd){shim->streams.out[1], POLLIN, 0};
    polls[IN] = (struct pollfd){input_waits(shim) ? shim->streams.in : -1, POLLOUT, 0};
    polls[OOM] = (struct pollfd){shim->oom_check_ms == 0 ? shim->oom_events : -1,
                                 shim->oom_by_file ? POLLPRI : POLLIN, 0};
    for (int i = 0; i < MAX_CLIENTS; i++) {
        const struct client *client = &shim->clients[i];
        short events = (short)((inlet_waits(&client->inlet) ? 0 : POLLIN) |
                               (outlet_waits(&client->outlet) ? POLLOUT : 0));
        // A client whose input waits is asked nothing but whether it is still there.
        polls[CLIENTS + i] = (struct pollfd){client->fd, events, 0};
    }
}

static int until(uint64_t deadline_ms) {
    uint64_t now = monotonic_ms();
    return now >= deadline_ms ? 0 : (int)(deadline_ms - now);
}

static int timeout(const struct shim *shim) {
    if (shim->phase == PHASE_EMPTY) {
        return WAIT_FOR_PLAN_MS;
    }
    if (shim->phase == PHASE_ENDED) {
        return until(shim->deadline_ms);
    }
    uint64_t due = oom_due(shim);
    int check = due == 0 ? -1 : until(due);
    if (!shim->buffers_dirty) {
        return check;
    }
    return check >= 0 && check < IDLE_MS ? check : IDLE_MS;
}

static void feed(struct shim *shim) {
    for (int i = 0; i < MAX_CLIENTS; i++) {
        struct client *client = &shim->clients[i];
        if (client->feeds && inlet_waits(&client->inlet) &&
            !inlet_push(&client->inlet, shim->streams.in)) {
            streams_close_input(&shim->streams);
        }
    }
}

static void dispatch(struct shim *shim, const struct pollfd *polls) {
    // The streams come first: what was written before the end must be in the log before it.
    for (int stream = 0; stream < 2; stream++) {
        if (polls[OUT + stream].revents != 0) {
            shim_read(shim, stream);
        }
    }
    if (polls[IN].revents != 0) {
        feed(shim);
    }
    if (polls[GATE].revents != 0) {
        shim_gate(shim);
    }
    if (polls[SIGNALS].revents != 0) {
        struct signalfd_siginfo info;
        while (read(shim->signals, &info, sizeof info) > 0) {
        }
        shim_reap(shim);
    }
    if (polls[OOM].revents != 0) {
        oom_event(shim);
    }
    for (int i = 0; i < MAX_CLIENTS; i++) {
        if (polls[CLIENTS + i].revents != 0 && polls[CLIENTS + i].fd == shim->clients[i].fd) {
            shim_client(shim, &shim->clients[i], polls[CLIENTS + i].revents);
        }
    }
    if (polls[LISTENER].revents != 0) {
        shim_accept(shim);
    }
}

// Whoever started this has left, or never called: no plan will come.
void shim_give_up(struct shim *shim) {
    unlink(shim->socket);
    shim->phase = PHASE_OVER;
}

static int loop(struct shim *shim) {
    struct pollfd polls[CLIENTS + MAX_CLIENTS];
    while (shim->phase != PHASE_OVER) {
        collect(shim, polls);
        int ready = poll(polls, CLIENTS + MAX_CLIENTS, timeout(shim));
        if (ready < 0 && errno != EINTR) {
            return 1;
        }
        if (ready > 0) {
            dispatch(shim, polls);
        } else if (ready == 0 && shim->phase == PHASE_EMPTY) {
            shim_give_up(shim);
        } else if (ready == 0) {
            shim_idle(shim);
        }
        oom_check(shim);
        bool drained = shim->streams.out[0] < 0 && shim->streams.out[1] < 0;
        if (shim->phase == PHASE_ENDED && (drained || monotonic_ms() >= shim->deadline_ms)) {
            shim_finish(shim);
        }
    }
    return 0;
}

int shim_run(int listener, const char *socket, char *arguments, size_t arguments_size) {
    struct shim shim;
    memset(&shim, 0, sizeof shim);
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    shim.listener = listener;
    shim.socket = socket;
    shim.arguments = arguments;
    shim.arguments_size = arguments_size;
    shim.signals = signalfd(-1, &child, SFD_NONBLOCK | SFD_CLOEXEC);
    shim.gate = shim.init_pidfd = shim.oom_events = -1;
    shim.log.fd = -1;
    shim.waiting = NOBODY;
    shim.streams = (struct streams){.in = -1, .out = {-1, -1}};
    for (int i = 0; i < MAX_CLIENTS; i++) {
        shim.clients[i].fd = -1;
    }
    return shim.signals < 0 ? 1 : loop(&shim);
}
