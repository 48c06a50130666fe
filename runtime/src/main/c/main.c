// carpel-shim shim SOCKET [--cgroup2 DIR] [--tasks FILE]...
//
// Binds the control socket, moves into the given cgroups, leaves a child of its own session behind
// and ends: who started it waits for that and then connects.
//
// carpel-shim hold PID
//
// Does nothing until PID, which has to be its parent, ends.
#define _GNU_SOURCE
#include "cleanup.h"
#include "shim.h"
#include "sys.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

// As many calls to one container may wait for its shim.
enum { BACKLOG = 1024, STATUS_ERRNO = 192 };

// The exit status tells errno to whoever started this, above what a signal would be told as.
static int complain(const char *what, const char *on) {
    int error = errno;
    fprintf(stderr, "carpel-shim: %s %s: %s\n", what, on, strerror(error));
    return error <= 255 - STATUS_ERRNO ? STATUS_ERRNO + error : 1;
}

// Nobody will listen there, and whoever looks for us must not find it. Keeps errno.
static int withdraw(const char *path) {
    int error = errno;
    unlink(path);
    errno = error;
    return -1;
}

// A socket address holds 108 bytes; a longer path goes by way of its directory's descriptor.
static int bind_socket(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *slash = strrchr(path, '/');
    if (!slash) {
        errno = EINVAL;
        return -1;
    }
    AUTO_FD directory = -1;
    int size = snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (size >= (int)sizeof address.sun_path) {
        char parent[4096];
        snprintf(parent, sizeof parent, "%.*s", (int)(slash - path), path);
        directory = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
        size = snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d%s", directory,
                        slash);
        if (directory < 0 || size >= (int)sizeof address.sun_path) {
            return -1;
        }
    }
    AUTO_FD listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t mask = umask(0177);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) < 0) {
        return -1;
    }
    umask(mask);
    if (listen(listener, BACKLOG) < 0) {
        return withdraw(path);
    }
    int ready = listener;
    listener = -1;
    return ready;
}

static int move(int count, char **arguments, const char **unified) {
    for (int i = 0; i + 1 < count; i += 2) {
        if (strcmp(arguments[i], "--cgroup2") == 0) {
            *unified = arguments[i + 1];
            continue;
        }
        AUTO_FD tasks = open(arguments[i + 1], O_WRONLY | O_CLOEXEC);
        if (strcmp(arguments[i], "--tasks") != 0 || tasks < 0 || write(tasks, "0", 1) != 1) {
            return complain("cannot enter", arguments[i + 1]);
        }
    }
    return 0;
}

static void detach_streams(void) {
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd < 3 && null >= 0; fd++) {
        dup2(null, fd);
    }
    if (null > 2) {
        close(null);
    }
}

static int hold(const char *parent) {
    pid_t pid = (pid_t)strtol(parent, NULL, 10);
    AUTO_FD pidfd = sys_pidfd_open(pid);
    // Asked after the descriptor is open: had the parent ended before, another would be ours now.
    if (pidfd < 0 || getppid() != pid) {
        return 1;
    }
    prctl(PR_SET_NAME, "carpel-hold");
    struct pollfd ended = {pidfd, POLLIN, 0};
    while (poll(&ended, 1, -1) < 0 && errno == EINTR) {
    }
    return 0;
}

// Keys that a container keeps in its session are its own: neither the agent's nor those of its
// neighbours are shown to it, and its execs share them. Where there is no such call nobody inside
// has it either.
static int own_keyring(void) {
    if (sys_join_session_keyring() >= 0 || errno == ENOSYS || errno == EPERM) {
        return 0;
    }
    return complain("cannot make", "a session keyring");
}

// Leaves a child in the group behind: its pid, 0 in the child itself, or -1.
static pid_t leave_child(const char *unified) {
    AUTO_FD directory = unified ? open(unified, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    return unified && directory < 0 ? -1 : sys_clone3(0, SIGCHLD, directory);
}

static int run(int listener, int argc, char **argv) {
    setsid();
    prctl(PR_SET_NAME, "carpel-shim");
    prctl(PR_SET_DUMPABLE, 0);
    signal(SIGPIPE, SIG_IGN);
    detach_streams();
    char socket_path[PATH_MAX];
    snprintf(socket_path, sizeof socket_path, "%s", argv[2]);
    char *arguments = argv[1]; // the strings lie one behind the other (execve(2))
    size_t size = (size_t)(argv[argc - 1] + strlen(argv[argc - 1]) - argv[1]);
    int result = chdir("/") < 0 ? 1 : shim_run(listener, socket_path, arguments, size);
    if (result != 0) { // else it is gone already, and another shim may listen at the same path
        unlink(socket_path);
    }
    return result;
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "hold") == 0) {
        return hold(argv[2]);
    }
    if (argc < 3 || strcmp(argv[1], "shim") != 0) {
        fprintf(stderr, "usage: carpel-shim shim SOCKET [--cgroup2 DIR] [--tasks FILE]...\n"
                        "       carpel-shim hold PID\n");
        return 2;
    }
    const char *unified = NULL;
    int failed = move(argc - 3, argv + 3, &unified);
    if (failed == 0) {
        failed = own_keyring();
    }
    if (failed != 0) {
        return failed;
    }
    int listener = bind_socket(argv[2]);
    if (listener < 0) {
        return complain("cannot listen at", argv[2]);
    }
    pid_t pid = leave_child(unified);
    if (pid < 0) {
        withdraw(argv[2]);
        return complain("cannot leave a child in", unified ? unified : "its own group");
    }
    return pid > 0 ? 0 : run(listener, argc, argv);
}
