// Operations on processes, cgroups and namespaces.
#define _GNU_SOURCE
#include "cleanup.h"
#include "plan_exec.h"
#include "sys.h"
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

// Moves one descriptor out of the way of the fixed numbers.
static int lift(int fd) {
    return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 64);
}

// A child keeps its streams, the gate, the exec's cgroup and the container's pidfd under fixed
// numbers and nothing else of the shim's: /proc/PID/fd of a process that enters a container must
// not lead anywhere.
static int settle(struct context *context) {
    int from[] = {lift(context->streams[0]),     lift(context->streams[1]),
                  lift(context->streams[2]),     lift(context->gate),
                  lift(context->settings.track), lift(context->init_pidfd)};
    for (int to = 0; to < FIRST_FREE_FD; to++) {
        if (from[to] < 0) {
            close(to);
        } else if (dup3(from[to], to, to < GATE_FD ? 0 : O_CLOEXEC) < 0) {
            return fail(context, "dup3", "descriptors of the child");
        }
    }
    context->gate = GATE_FD;
    if (sys_close_range(FIRST_FREE_FD, ~0U, 0) < 0) {
        return fail(context, "close_range", "descriptors of the shim");
    }
    // Nobody inside may look at this process before it has become the container's.
    prctl(PR_SET_DUMPABLE, 0);
    memset(context->arguments, 0, context->arguments_size); // in /proc/PID/cmdline
    // Since 6.2 the processors that the agent was given would stay with it in a cgroup of its own.
    sys_any_cpu();
    umask(0);
    return 0;
}

static int clone_into(struct context *context, uint64_t flags, const char *cgroup, bool sibling) {
    bool tracked = context->settings.track_unified && context->process == PROCESS_SHIM;
    AUTO_FD directory = -1;
    if (!tracked && cgroup[0] != 0) {
        directory = open(cgroup, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (directory < 0) {
            return fail(context, "open", cgroup);
        }
    }
    bool from_shim = context->process == PROCESS_SHIM;
    // With CLONE_PARENT the exit signal is the joiner's own, SIGCHLD (clone(2)).
    pid_t pid = sys_clone3(flags | (sibling ? CLONE_PARENT : 0), sibling ? 0 : SIGCHLD,
                           tracked ? context->settings.track : directory);
    if (pid < 0) {
        return fail(context, "clone3", cgroup);
    }
    if (pid > 0 && !from_shim) {
        int sent = report_send(context->gate, REPORT_PID, pid, NULL, -1);
        _exit(sent < 0 ? 125 : 0);
    }
    if (pid > 0) {
        context->child = pid;
        return 0;
    }
    context->child = 0;
    context->process = PROCESS_INIT;
    return from_shim ? settle(context) : 0;
}

int op_fork(struct context *context, struct fields *fields) {
    int result = clone_into(context, 0, field_string(fields), false);
    context->child_joins = true;
    if (context->process == PROCESS_INIT) {
        context->process = PROCESS_JOINER;
    }
    return result;
}

int op_clone(struct context *context, struct fields *fields) {
    uint64_t flags = field_u64(fields);
    const char *cgroup = field_string(fields);
    bool sibling = field_u32(fields);
    context->child_joins = false;
    if (clone_into(context, flags, cgroup, sibling && context->process == PROCESS_JOINER) < 0) {
        return -1;
    }
    // A session of its own: no terminal of the host can be its controlling one.
    if (context->process == PROCESS_INIT && setsid() < 0) {
        return fail(context, "setsid", "");
    }
    return 0;
}

static int write_text(int directory, const char *path, const char *text) {
    AUTO_FD fd = openat(directory, path, O_WRONLY | O_CLOEXEC);
    return fd < 0 || write(fd, text, strlen(text)) < 0 ? -1 : 0;
}

int op_join_cgroup(struct context *context, struct fields *fields) {
    const char *path = field_string(fields);
    return write_text(AT_FDCWD, path, "0") < 0 ? fail(context, "write", path) : 0;
}

int op_join_tracked(struct context *context, struct fields *fields) {
    (void)fields;
    return write_text(TRACK_FD, "tasks", "0") < 0 ? fail(context, "write", "tasks of the exec") : 0;
}

// Raising the score is always allowed, lowering it below the inherited minimum needs
// CAP_SYS_RESOURCE, which a host may withhold: then the score stays as near as it may be.
int op_oom_score(struct context *context, struct fields *fields) {
    int wanted = (int)field_u32(fields);
    char text[16];
    snprintf(text, sizeof text, "%d", wanted);
    if (write_text(AT_FDCWD, "/proc/self/oom_score_adj", text) == 0) {
        return 0;
    }
    if (errno != EACCES && errno != EPERM) {
        return fail(context, "write", "/proc/self/oom_score_adj");
    }
    for (int nearer = wanted + 1; nearer < 0; nearer++) {
        snprintf(text, sizeof text, "%d", nearer);
        if (write_text(AT_FDCWD, "/proc/self/oom_score_adj", text) == 0) {
            break;
        }
    }
    return 0;
}

int op_join_namespaces(struct context *context, struct fields *fields) {
    enum { MAX = 8 };
    struct {
        const char *path;
        int type, fd;
    } pins[MAX];
    uint32_t count = field_u32(fields);
    if (count > MAX) {
        errno = E2BIG;
        return fail(context, "plan", "namespaces");
    }
    // All before the first: inside a user namespace the host's directories are closed to us.
    for (uint32_t i = 0; i < count; i++) {
        pins[i].path = field_string(fields);
        pins[i].type = (int)field_u64(fields);
        pins[i].fd = open(pins[i].path, O_RDONLY | O_CLOEXEC);
        if (pins[i].fd < 0) {
            return fail(context, "open", pins[i].path);
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        if (setns(pins[i].fd, pins[i].type) < 0) {
            return fail(context, "setns", pins[i].path);
        }
        close(pins[i].fd);
    }
    return 0;
}

int op_join_container(struct context *context, struct fields *fields) {
    uint64_t flags = field_u64(fields);
    if (setns(INIT_PIDFD, (int)flags) < 0) {
        return fail(context, "setns", "namespaces of the container");
    }
    close(TRACK_FD); // a directory of the host has no business inside
    close(INIT_PIDFD);
    context->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return context->root < 0 ? fail(context, "open", "/") : 0;
}

int op_unshare(struct context *context, struct fields *fields) {
    return unshare((int)field_u64(fields)) < 0 ? fail(context, "unshare", "") : 0;
}

int op_become_root(struct context *context, struct fields *fields) {
    (void)fields;
    if (sys_setgroups(0, NULL) < 0) {
        return fail(context, "setgroups", "");
    }
    if (sys_setresgid(0) < 0) {
        return fail(context, "setresgid", "0");
    }
    if (sys_setresuid(0) < 0) {
        return fail(context, "setresuid", "0");
    }
    prctl(PR_SET_DUMPABLE, 0); // a change of ids may have set it again
    return 0;
}

int op_hostname(struct context *context, struct fields *fields) {
    const char *name = field_string(fields);
    return sethostname(name, strlen(name)) < 0 ? fail(context, "sethostname", name) : 0;
}

int op_loopback_up(struct context *context, struct fields *fields) {
    (void)fields;
    AUTO_FD sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    if (sock < 0 || ioctl(sock, SIOCSIFFLAGS, &request) < 0) {
        return fail(context, "ioctl", "lo up");
    }
    return 0;
}

int op_gate(struct context *context, struct fields *fields) {
    (void)fields;
    if (report_send(context->gate, REPORT_GATED, 0, NULL, -1) < 0) {
        return fail(context, "sendmsg", "gate");
    }
    char go;
    long got;
    do {
        got = read(context->gate, &go, 1);
    } while (got < 0 && errno == EINTR);
    if (got != 1) { // the shim is gone
        _exit(125);
    }
    return 0;
}

int op_reap(struct context *context, struct fields *fields) {
    (void)context, (void)fields;
    sys_default_signals(); // a pid 1 without handlers is reached by nothing but SIGKILL from
                           // outside
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL); // blocked, it stays pending until sigwait takes it
    sys_close_range(0, ~0U, 0);
    for (;;) {
        while (waitpid(-1, NULL, WNOHANG | __WALL) > 0) {
        }
        int signal;
        sigwait(&child, &signal);
    }
}

int op_end(struct context *context, struct fields *fields) {
    (void)context, (void)fields;
    _exit(0);
}
