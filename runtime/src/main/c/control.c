// Clients of the control socket.
#define _GNU_SOURCE
#include "cleanup.h"
#include "shim.h"
#include "wire.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ATTACH_BUFFER = 1 << 20 };

// Only root may speak to a shim, whatever became of the socket's directory.
static bool is_root(int fd) {
    struct {
        pid_t pid;
        uid_t uid;
        gid_t gid;
    } peer;
    socklen_t size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == 0;
}

bool shim_has_room(const struct shim *shim) {
    for (int i = 0; i < MAX_CLIENTS; i++) {
        if (shim->clients[i].fd < 0) {
            return true;
        }
    }
    return false;
}

void shim_accept(struct shim *shim) {
    AUTO_FD fd = accept4(shim->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0 || !is_root(fd)) {
        return;
    }
    // Only plans are waited for, and not for ever.
    struct timeval limit = {.tv_sec = 30};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    for (int i = 0; i < MAX_CLIENTS; i++) {
        if (shim->clients[i].fd < 0) {
            shim->clients[i] = (struct client){.fd = fd};
            fd = -1;
            return;
        }
    }
}

void client_drop(struct shim *shim, struct client *client) {
    if (shim->waiting == client - shim->clients) {
        shim->waiting = NOBODY;
    }
    // stdin_once: input ends with the first client that fed it
    if (client->feeds && shim->context.settings.stdin_once) {
        streams_close_input(&shim->streams);
    }
    relay_free(&client->inlet, &client->outlet);
    close_fd(&client->fd);
    client->subscribed = client->attached = client->feeds = false;
    if (shim->phase == PHASE_EMPTY) {
        shim_give_up(shim);
    }
}

void client_error(struct shim *shim, struct client *client, int error, const char *what) {
    struct failure failure = {.error = error};
    memcpy(failure.call, what, strnlen(what, sizeof failure.call - 1));
    if (!frame_send_failure(client->fd, &failure)) {
        client_drop(shim, client);
    }
}

static void reply(struct shim *shim, struct client *client, bool well, const char *what) {
    if (!well) {
        client_error(shim, client, errno, what);
    } else if (!frame_send(client->fd, REP_OK, NULL, 0)) {
        client_drop(shim, client);
    }
}

void client_status(struct shim *shim, struct client *client) {
    struct {
        uint32_t phase, pid, shim, zero;
        uint64_t started, dropped;
    } status = {(uint32_t)shim->phase, (uint32_t)shim->init, (uint32_t)getpid(), 0,
                shim->started_ns,      shim->log.dropped};
    if (!frame_send(client->fd, REP_STATUS, &status, sizeof status)) {
        client_drop(shim, client);
    }
}

static void send_signal(struct shim *shim, struct client *client) {
    int signal = (int)inlet_u32(&client->inlet, 0);
    if (signal == SIGKILL) {
        shim_kill_asked(shim);
    }
    errno = ESRCH;
    // Not reaped yet, so the pid is still that process.
    reply(shim, client, shim->init > 0 && kill(shim->init, signal) == 0, "kill");
}

static void attach(struct shim *shim, struct client *client) {
    int attached = 0;
    for (int i = 0; i < MAX_CLIENTS; i++) {
        attached += shim->clients[i].attached;
    }
    if (attached >= MAX_ATTACHED) {
        client_error(shim, client, EUSERS, "attach");
        return;
    }
    // Bursts wait here for a client that reads, since it misses what does not fit. A wish.
    int room = ATTACH_BUFFER;
    setsockopt(client->fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
    client->attached = true;
    client->feeds = inlet_u32(&client->inlet, 0) & 1;
    reply(shim, client, true, "attach");
}

static void handle(struct shim *shim, struct client *client) {
    struct inlet *inlet = &client->inlet;
    switch (inlet->type) {
    case REQ_START:
        shim_start(shim, client);
        break;
    case REQ_STATUS:
        client_status(shim, client);
        break;
    case REQ_SUBSCRIBE:
        client->subscribed = true;
        reply(shim, client, true, "subscribe");
        break;
    case REQ_SIGNAL:
        send_signal(shim, client);
        break;
    case REQ_KILL:
        shim_kill_asked(shim);
        shim_kill(shim);
        reply(shim, client, true, "kill");
        break;
    case REQ_RESIZE:
        reply(shim, client,
              streams_resize(&shim->streams, inlet_u32(inlet, 0), inlet_u32(inlet, 1)) == 0,
              "resize");
        break;
    case REQ_REOPEN:
        reply(shim, client, log_reopen(&shim->log) == 0, "reopen");
        break;
    case REQ_ATTACH:
        attach(shim, client);
        break;
    case REQ_CLOSE_STDIN:
        // Who is attached ends its own input only, unless there is to be one such client.
        if (!client->attached || (client->feeds && shim->context.settings.stdin_once)) {
            streams_close_input(&shim->streams);
        }
        if (!client->attached) {
            reply(shim, client, true, "close");
        }
        break;
    default:
        client_error(shim, client, EBADMSG, "request");
    }
    inlet_next(inlet);
}

// Each exec has a process of its own between the client and the command, so that neither a slow
// client nor a large output can hold up this loop.
static void exec(struct shim *shim, struct client *client) {
    if (shim->phase != PHASE_RUNNING) {
        client_error(shim, client, ESRCH, "exec");
        client_drop(shim, client);
        return;
    }
    pid_t pid = fork();
    if (pid == 0) {
        exec_monitor(shim, client->fd, client->inlet.left);
    }
    if (pid < 0) {
        client_error(shim, client, errno, "fork");
    }
    client_drop(shim, client);
}

void shim_client(struct shim *shim, struct client *client, short events) {
    if (events & POLLOUT && !outlet_push(&client->outlet, client->fd)) {
        client_drop(shim, client);
        return;
    }
    if (!(events & ~POLLOUT)) {
        return;
    }
    if (events & (POLLHUP | POLLERR) && inlet_waits(&client->inlet)) {
        // It has left, and what it sent last nobody reads: waiting for that would keep its place.
        if (client->feeds) {
            inlet_push(&client->inlet, shim->streams.in);
        }
        client_drop(shim, client);
        return;
    }
    switch (inlet_read(&client->inlet, client->fd)) {
    case INLET_GONE:
        client_drop(shim, client);
        break;
    case INLET_FRAME:
        handle(shim, client);
        break;
    case INLET_PLAN:
        if (client->inlet.type == REQ_LAUNCH) {
            shim_launch(shim, client, client->inlet.left);
        } else {
            exec(shim, client);
        }
        break;
    case INLET_MORE:
        if (client->feeds && inlet_waits(&client->inlet) &&
            !inlet_push(&client->inlet, shim->streams.in)) {
            streams_close_input(&shim->streams);
        }
        break;
    }
}
