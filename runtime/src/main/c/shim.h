// The shim's state while it stands beside one container.
#pragma once
#include "frame.h"
#include "log_writer.h"
#include "plan_exec.h"
#include "streams.h"
#include <stdbool.h>

enum {
    MAX_CLIENTS = 64,
    MAX_ATTACHED = 32, // these stay; the other places are for calls, which are short
    NOBODY = -1,
};

enum phase {
    PHASE_EMPTY,     // no plan yet
    PHASE_PREPARING, // the plan runs up to its gate
    PHASE_GATED,     // created
    PHASE_STARTING,  // let through the gate
    PHASE_RUNNING,   // executed
    PHASE_ENDED,     // reaped; output is being drained
    PHASE_OVER,      // all is written and told: the shim ends
};

struct client {
    int fd; // -1: free
    bool subscribed, attached, feeds;
    struct inlet inlet;
    struct outlet outlet;
};

struct shim {
    enum phase phase;
    int listener, signals, gate, init_pidfd;
    pid_t joiner, init;
    pid_t gone_early; // ended before its pid was told
    int status;       // of wait(2), once ended
    bool start_failed, gated_early;
    bool kill_asked;
    uint64_t oom_before; // processes that the OOM killer took and that cannot be why it ends
    uint64_t oom_seen;   // as many as there were at the last look
    int oom_events;      // tells of an OOM, or -1
    bool oom_by_file;
    uint64_t oom_check_ms; // when to look whether the container has outlived one, or 0
    uint64_t oom_look_ms;  // when to look for one that is not told of, or 0
    uint64_t launched_ms, started_ns, finished_ns, deadline_ms;
    int waiting; // index of the client that waits for LAUNCH or START
    void *plan;
    size_t plan_size;
    const char *socket; // removed before anybody is told that all is over
    char *arguments;
    size_t arguments_size;
    struct context context;
    struct streams streams;
    struct log_writer log;
    struct log_stream lines[2];
    bool buffers_dirty;
    struct client clients[MAX_CLIENTS];
};

// shim.c
int shim_run(int listener, const char *socket, char *arguments, size_t arguments_size);
uint64_t monotonic_ms(void);
void shim_give_up(struct shim *shim);
// launch.c: from a plan to a running process
void shim_launch(struct shim *shim, struct client *client, size_t size);
void shim_start(struct shim *shim, struct client *client);
void shim_gate(struct shim *shim);
void shim_reap(struct shim *shim);
void shim_kill(struct shim *shim);
void shim_kill_asked(struct shim *shim);
// oom_watch.c
void oom_watch(struct shim *shim);
void oom_event(struct shim *shim);
void oom_check(struct shim *shim);
uint64_t oom_due(const struct shim *shim);
uint64_t oom_kills(const char *path);
bool oom_dying(pid_t pid);
// output.c: from the container to its log and to attached clients
int shim_buffers(struct shim *shim);
void shim_read(struct shim *shim, int stream);
void shim_idle(struct shim *shim);
void shim_finish(struct shim *shim);
// control.c: clients
bool shim_has_room(const struct shim *shim);
void shim_accept(struct shim *shim);
void shim_client(struct shim *shim, struct client *client, short events);
void client_drop(struct shim *shim, struct client *client);
void client_status(struct shim *shim, struct client *client);
void client_error(struct shim *shim, struct client *client, int error, const char *what);
// exec_monitor.c: in a process of its own
_Noreturn void exec_monitor(struct shim *shim, int connection, size_t plan_size);
