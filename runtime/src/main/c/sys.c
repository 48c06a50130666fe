#define _GNU_SOURCE
#include "sys.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    NR_PIDFD_SEND_SIGNAL = 424,
    NR_OPEN_TREE = 428,
    NR_MOVE_MOUNT = 429,
    NR_FSOPEN = 430,
    NR_FSCONFIG = 431,
    NR_FSMOUNT = 432,
    NR_PIDFD_OPEN = 434,
    NR_CLONE3 = 435,
    NR_CLOSE_RANGE = 436,
    NR_OPENAT2 = 437,
    NR_MOUNT_SETATTR = 442,
};

int sys_openat2(int dir, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
    struct {
        uint64_t flags, mode, resolve;
    } how = {flags | O_CLOEXEC, mode, resolve};
    long fd;
    do { // EAGAIN: a component was renamed while a scoped lookup passed it
        fd = syscall(NR_OPENAT2, dir, path, &how, sizeof how);
    } while (fd < 0 && (errno == EAGAIN || errno == EINTR));
    return (int)fd;
}

int sys_open_tree(int dir, const char *path, unsigned flags) {
    return (int)syscall(NR_OPEN_TREE, dir, path,
                        OPEN_TREE_CLONE_ | O_CLOEXEC | flags | (path[0] == 0 ? AT_EMPTY_PATH : 0));
}

int sys_move_mount(int from, int to) {
    enum { F_EMPTY_PATH = 4, T_EMPTY_PATH = 0x40 };
    return (int)syscall(NR_MOVE_MOUNT, from, "", to, "", F_EMPTY_PATH | T_EMPTY_PATH);
}

int sys_fsopen(const char *type) {
    return (int)syscall(NR_FSOPEN, type, 1);
}

int sys_fsconfig(int fs, unsigned command, const char *key, const char *value, int aux) {
    return (int)syscall(NR_FSCONFIG, fs, command, key, value, aux);
}

int sys_fsmount(int fs, unsigned attributes) {
    return (int)syscall(NR_FSMOUNT, fs, 1, attributes);
}

int sys_mount_setattr(int fd, unsigned flags, const struct mount_attributes *attributes) {
    return (int)syscall(NR_MOUNT_SETATTR, fd, "", AT_EMPTY_PATH | flags, attributes,
                        sizeof *attributes);
}

pid_t sys_clone3(uint64_t flags, int exit_signal, int cgroup) {
    struct {
        uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
            set_tid_size, cgroup;
    } args = {.flags = flags, .exit_signal = (uint64_t)exit_signal};
    if (cgroup >= 0) {
        args.flags |= CLONE_INTO_CGROUP_;
        args.cgroup = (uint64_t)cgroup;
    }
    return (pid_t)syscall(NR_CLONE3, &args, sizeof args);
}

int sys_pidfd_open(pid_t pid) {
    return (int)syscall(NR_PIDFD_OPEN, pid, 0);
}

int sys_pidfd_signal(int pidfd, int signal) {
    return (int)syscall(NR_PIDFD_SEND_SIGNAL, pidfd, signal, NULL, 0);
}

int sys_close_range(unsigned first, unsigned last, unsigned flags) {
    return (int)syscall(NR_CLOSE_RANGE, first, last, flags);
}

int sys_pivot_root(const char *new_root, const char *old_root) {
    return (int)syscall(SYS_pivot_root, new_root, old_root);
}

int sys_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable) {
    struct {
        uint32_t version;
        int pid;
    } header = {0x20080522, 0};
    struct {
        uint32_t effective, permitted, inheritable;
    } data[2] = {
        {(uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable},
        {(uint32_t)(effective >> 32), (uint32_t)(permitted >> 32), (uint32_t)(inheritable >> 32)}};
    return (int)syscall(SYS_capset, &header, data);
}

int sys_setgroups(size_t count, const uint32_t *groups) {
    return (int)syscall(SYS_setgroups, count, groups);
}

int sys_setresgid(uint32_t gid) {
    return (int)syscall(SYS_setresgid, gid, gid, gid);
}

int sys_setresuid(uint32_t uid) {
    return (int)syscall(SYS_setresuid, uid, uid, uid);
}

// Children of a JVM inherit signals 32 and 33 ignored, and the C library's sigaction refuses to
// touch them: hence the raw call, for all 64.
int sys_default_signals(void) {
    struct {
        uintptr_t handler, flags, restorer;
        uint64_t mask;
    } action;
    memset(&action, 0, sizeof action);
    for (int signal = 1; signal <= 64; signal++) {
        syscall(SYS_rt_sigaction, signal, &action, NULL, 8); // KILL and STOP say EINVAL
    }
    uint64_t none = 0;
    return (int)syscall(SYS_rt_sigprocmask, 2 /* SIG_SETMASK */, &none, NULL, 8);
}

int sys_join_session_keyring(void) {
    enum { JOIN_SESSION_KEYRING = 1 }; // linux/keyctl.h
    return (int)syscall(SYS_keyctl, JOIN_SESSION_KEYRING, NULL);
}

// The kernel takes what it has of the mask, which may name more.
int sys_any_cpu(void) {
    enum { MOST_CPUS = 8192 };
    unsigned long mask[MOST_CPUS / (8 * sizeof(unsigned long))];
    memset(mask, 0xff, sizeof mask);
    return (int)syscall(SYS_sched_setaffinity, 0, sizeof mask, mask);
}
