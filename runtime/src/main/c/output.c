// From the container's streams to its log and to attached clients, and the end of it all.
#define _GNU_SOURCE
#include "cleanup.h"
#include "exit_record.h"
#include "oom_log.h"
#include "shim.h"
#include "wire.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    LINE_BUFFER = LOG_LINE_MAX + LOG_READ + LOG_SLACK,
    SETTLE_MS = 2000,
    DRAIN_ROUNDS = PIPE_SIZE / 4096, // a terminal gives no more than that at once
};

int shim_buffers(struct shim *shim) {
    shim->lines[0] = (struct log_stream){.name = "stdout", .buffer = take_pages(LINE_BUFFER)};
    shim->lines[1] = (struct log_stream){.name = "stderr", .buffer = take_pages(LINE_BUFFER)};
    shim->log.out = take_pages(LOG_OUT);
    return shim->lines[0].buffer && shim->lines[1].buffer && shim->log.out ? 0 : -1;
}

// A client whose last frame still waits misses this one: it must not hold up the log.
static void copy_to_clients(struct shim *shim, int stream, const uint8_t *data, size_t size) {
    for (int i = 0; i < MAX_CLIENTS; i++) {
        struct client *client = &shim->clients[i];
        if (client->attached && !outlet_waits(&client->outlet) &&
            !outlet_frame(&client->outlet, client->fd, (uint16_t)(REP_STDOUT + stream), data,
                          size)) {
            client_drop(shim, client);
        }
    }
}

// When the log's disk is slow the time is over while output is still there. What holds a stream
// open and goes on writing is not waited for.
static void drain(struct shim *shim, int stream) {
    for (int round = 0; round < DRAIN_ROUNDS && shim->streams.out[stream] >= 0; round++) {
        shim_read(shim, stream);
    }
}

static void stream_over(struct shim *shim, int stream) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    log_end(&shim->log, &shim->lines[stream], &now);
    close_fd(&shim->streams.out[stream]);
}

void shim_read(struct shim *shim, int stream) {
    struct log_stream *line = &shim->lines[stream];
    uint8_t *space = log_space(line);
    ssize_t size = read(shim->streams.out[stream], space, LOG_READ);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (size <= 0) { // EIO: the last process that had the terminal open is gone
        // A terminal answers EIO too while nobody inside has it open yet.
        if (!(size < 0 && shim->streams.tty && shim->phase < PHASE_RUNNING)) {
            stream_over(shim, stream);
        }
        return;
    }
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    copy_to_clients(shim, stream, space, (size_t)size);
    log_take(&shim->log, line, (size_t)size, &now);
    shim->buffers_dirty = true;
}

// An idle container's shim gives back the memory of its last burst.
void shim_idle(struct shim *shim) {
    if (!shim->buffers_dirty) {
        return;
    }
    shim->buffers_dirty = false;
    madvise(shim->log.out, LOG_OUT, MADV_DONTNEED);
    for (int stream = 0; stream < 2; stream++) {
        if (shim->lines[stream].have == 0) {
            madvise(shim->lines[stream].buffer, LINE_BUFFER, MADV_DONTNEED);
        }
    }
}

static size_t make_record(struct shim *shim, char text[EXIT_RECORD_MAX]) {
    const struct settings *settings = &shim->context.settings;
    bool killed = WIFSIGNALED(shim->status);
    uint64_t oom = oom_kills(settings->oom_file);
    oom = oom > shim->oom_before ? oom - shim->oom_before : 0;
    // One of its processes was, but perhaps another one: version 1 does not tell of what the whole
    // machine's want of memory does to a group.
    if (oom > 0 && killed && WTERMSIG(shim->status) == SIGKILL &&
        oom_log_denies(shim->context.child, monotonic_ms() - shim->launched_ms)) {
        oom = 0;
    }
    struct exit_record record = {
        .pid = shim->context.child,
        .code = killed ? 0 : WEXITSTATUS(shim->status),
        .signal = killed ? WTERMSIG(shim->status) : 0,
        .oom = oom,
        .peak = settings->peak_file ? read_number(settings->peak_file, "") : 0,
        .dropped = shim->log.dropped,
        .started_ns = shim->started_ns,
        .finished_ns = shim->finished_ns,
    };
    if (shim->start_failed) {
        record.code = 128;
    }
    return exit_record_format(&record, text);
}

// Attached clients get the rest of what they are owed, if they take it soon: what their sockets
// hold they can read when the shim has gone.
static void settle(struct shim *shim) {
    uint64_t deadline = monotonic_ms() + SETTLE_MS;
    for (int i = 0; i < MAX_CLIENTS; i++) {
        struct client *client = &shim->clients[i];
        while (client->attached && outlet_push(&client->outlet, client->fd) &&
               outlet_waits(&client->outlet)) {
            uint64_t now = monotonic_ms();
            struct pollfd room = {client->fd, POLLOUT, 0};
            if (now >= deadline || (poll(&room, 1, (int)(deadline - now)) < 0 && errno != EINTR)) {
                break;
            }
        }
    }
}

void shim_finish(struct shim *shim) {
    for (int stream = 0; stream < 2; stream++) {
        drain(shim, stream);
        if (shim->streams.out[stream] >= 0) {
            stream_over(shim, stream);
        }
    }
    char text[EXIT_RECORD_MAX];
    size_t size = make_record(shim, text);
    const char *path = shim->context.settings.exit_file;
    if (path && path[0] != 0) {
        exit_record_write(path, text, size);
    }
    unlink(shim->socket);
    for (int i = 0; i < MAX_CLIENTS; i++) {
        struct client *client = &shim->clients[i];
        if (client->fd >= 0 && client->subscribed) {
            frame_send(client->fd, REP_EXITED, text, size);
        }
        if (client->fd >= 0 && !client->attached) {
            client_drop(shim, client);
        }
    }
    settle(shim);
    shim->phase = PHASE_OVER;
}
