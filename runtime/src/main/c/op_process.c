// Operations that turn the prepared process into the container's.
#define _GNU_SOURCE
#include "cleanup.h"
#include "path.h"
#include "plan_exec.h"
#include "sys.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

// linux/filter.h and linux/seccomp.h, which musl does not bring
struct sock_filter {
    uint16_t code;
    uint8_t jump_true, jump_false;
    uint32_t k;
};
struct sock_fprog {
    unsigned short length;
    struct sock_filter *filter;
};
enum { SECCOMP_SET_MODE_FILTER_ = 1, MAX_INSTRUCTIONS = 4096 };

// A descriptor below a procfs that was mounted for this purpose alone: whatever the image or a
// volume put over /proc is not looked at.
static int private_proc(struct context *context) {
    if (context->proc >= 0) {
        return context->proc;
    }
    AUTO_FD fs = sys_fsopen("proc");
    if (fs < 0 || sys_fsconfig(fs, 6 /* create */, NULL, NULL, 0) < 0) {
        return fail(context, "fsopen", "proc");
    }
    context->proc = sys_fsmount(fs, 0);
    return context->proc < 0 ? fail(context, "fsmount", "proc") : context->proc;
}

static int write_proc(struct context *context, const char *path, const char *text) {
    int proc = private_proc(context);
    if (proc < 0) {
        return -1;
    }
    // NO_XDEV: nothing mounted inside may be entered. The first link, thread-self, is procfs's own.
    AUTO_FD fd = sys_openat2(proc, path, O_WRONLY, 0,
                             RESOLVE_BENEATH_ | RESOLVE_NO_MAGICLINKS_ | RESOLVE_NO_XDEV_);
    if (fd < 0) {
        return fail(context, "openat2", path);
    }
    size_t size = strlen(text);
    return write(fd, text, size) == (ssize_t)size ? 0 : fail(context, "write", path);
}

int op_sysctl(struct context *context, struct fields *fields) {
    const char *name = field_string(fields);
    const char *value = field_string(fields);
    char path[256];
    if (snprintf(path, sizeof path, "sys/%s", name) >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        return fail(context, "sysctl", name);
    }
    return write_proc(context, path, value);
}

// Kernels before 5.1 have no directories for modules: there one file is the only module's. A
// process on its way into a container does not take the host's procfs along.
int op_exec_label(struct context *context, struct fields *fields) {
    const char *attribute = field_string(fields);
    const char *text = field_string(fields);
    char path[64];
    if (snprintf(path, sizeof path, "thread-self/attr/%s", attribute) >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        return fail(context, "label", attribute);
    }
    int result = write_proc(context, path, text);
    if (result < 0 && context->failure.error == ENOENT && strchr(attribute, '/')) {
        result = write_proc(context, "thread-self/attr/exec", text);
    }
    if (context->process == PROCESS_JOINER) {
        close_fd(&context->proc);
    }
    return result;
}

static bool is_null(int fd) {
    struct stat status;
    return fd >= 0 && fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) &&
           status.st_rdev == makedev(1, 3);
}

// The null device that the shim gave along is the host's node: through /proc/self/fd its mode and
// owner could be changed from inside. Where the container has none, nothing is what a pipe without
// a writer gives too. Done before limits are set, since one of them may be of descriptors.
static int own_input(struct context *context) {
    if (!is_null(0)) {
        return 0;
    }
    AUTO_FD seen = root_open_strict(context->root, "/dev/null", O_PATH);
    AUTO_FD null = is_null(seen) ? root_open_strict(context->root, "/dev/null", O_RDWR) : -1;
    int ends[2] = {-1, -1};
    if (!is_null(null) && pipe2(ends, O_CLOEXEC) < 0) {
        return fail(context, "pipe2", "standard input");
    }
    int result = dup2(ends[0] < 0 ? null : ends[0], 0);
    close_fd(&ends[0]);
    close_fd(&ends[1]);
    return result < 0 ? fail(context, "dup2", "standard input") : 0;
}

int op_working_dir(struct context *context, struct fields *fields) {
    const char *path = field_string(fields);
    if (own_input(context) < 0) {
        return -1;
    }
    AUTO_FD directory = root_make_directory(context->root, path);
    if (directory < 0) {
        return fail(context, "openat2", path);
    }
    if (fchdir(directory) < 0) {
        return fail(context, "fchdir", path);
    }
    // A directory outside of the root would come back as "(unreachable)…".
    char where[PATH_MAX];
    long length = syscall(SYS_getcwd, where, sizeof where);
    if (length < 0) {
        return fail(context, "getcwd", path);
    }
    if (where[0] != '/') {
        errno = EXDEV;
        return fail(context, "getcwd", "working directory is outside of the root");
    }
    return 0;
}

// Without CAP_SYS_RESOURCE a hard limit cannot be raised: then it stays at what the host gives.
int op_rlimit(struct context *context, struct fields *fields) {
    int resource = (int)field_u32(fields);
    struct rlimit limit;
    limit.rlim_cur = field_u64(fields);
    limit.rlim_max = field_u64(fields);
    if (setrlimit(resource, &limit) == 0) {
        return 0;
    }
    struct rlimit now;
    char name[24];
    snprintf(name, sizeof name, "resource %d", resource);
    if (errno != EPERM || getrlimit(resource, &now) < 0 || limit.rlim_max <= now.rlim_max) {
        return fail(context, "setrlimit", name);
    }
    limit.rlim_max = now.rlim_max;
    limit.rlim_cur = limit.rlim_cur < now.rlim_max ? limit.rlim_cur : now.rlim_max;
    return setrlimit(resource, &limit) < 0 ? fail(context, "setrlimit", name) : 0;
}

int op_no_new_privileges(struct context *context, struct fields *fields) {
    (void)fields;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? fail(context, "prctl", "no_new_privs") : 0;
}

int op_bounding(struct context *context, struct fields *fields) {
    uint64_t keep = field_u64(fields);
    for (int cap = 0; cap < 64; cap++) {
        int has = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);
        if (has < 0) {
            return 0; // beyond the kernel's last capability
        }
        if (has && !(keep >> cap & 1) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0) {
            return fail(context, "prctl", "capability bounding set");
        }
    }
    return 0;
}

// /dev/stdout is opened anew by some programs: the pipes must be the user's.
static int own_streams(struct context *context, uid_t uid, gid_t gid) {
    struct stat status;
    for (int fd = 0; fd < 3; fd++) {
        if (fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode) && fchown(fd, uid, gid) < 0) {
            return fail(context, "fchown", "stream");
        }
    }
    return 0;
}

int op_own_streams(struct context *context, struct fields *fields) {
    uid_t uid = (uid_t)field_u64(fields);
    gid_t gid = (gid_t)field_u64(fields);
    return own_streams(context, uid, gid);
}

int op_identity(struct context *context, struct fields *fields) {
    uint32_t uid = (uint32_t)field_u64(fields);
    uint32_t gid = (uint32_t)field_u64(fields);
    uint32_t count = field_u32(fields);
    if (count > (size_t)(fields->end - fields->at) / sizeof(uint32_t)) {
        errno = E2BIG;
        return fail(context, "plan", "groups");
    }
    uint32_t *groups = take_pages(count * sizeof *groups);
    if (!groups) {
        return fail(context, "mmap", "groups");
    }
    for (uint32_t i = 0; i < count; i++) {
        groups[i] = field_u32(fields);
    }
    if (own_streams(context, uid, gid) < 0) {
        return -1;
    }
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0) {
        return fail(context, "prctl", "keepcaps");
    }
    if (sys_setgroups(count, groups) < 0) {
        return fail(context, "setgroups", "");
    }
    if (sys_setresgid(gid) < 0) {
        return fail(context, "setresgid", "");
    }
    return sys_setresuid(uid) < 0 ? fail(context, "setresuid", "") : 0;
}

int op_capabilities(struct context *context, struct fields *fields) {
    uint64_t effective = field_u64(fields);
    uint64_t permitted = field_u64(fields);
    uint64_t inheritable = field_u64(fields);
    return sys_capset(effective, permitted, inheritable) < 0 ? fail(context, "capset", "") : 0;
}

int op_ambient(struct context *context, struct fields *fields) {
    uint64_t mask = field_u64(fields);
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0) {
        return fail(context, "prctl", "ambient capabilities");
    }
    for (int cap = 0; cap < 64; cap++) {
        if (mask >> cap & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0) {
            return fail(context, "prctl", "ambient capabilities");
        }
    }
    return 0;
}

int op_seccomp(struct context *context, struct fields *fields) {
    struct bytes filter = field_bytes(fields);
    size_t count = filter.size / sizeof(struct sock_filter);
    if (filter.size % sizeof(struct sock_filter) != 0 || count == 0 || count > MAX_INSTRUCTIONS) {
        errno = EINVAL;
        return fail(context, "seccomp", "size of the filter");
    }
    struct sock_filter *aligned = take_pages(filter.size);
    if (!aligned) {
        return fail(context, "mmap", "filter");
    }
    memcpy(aligned, filter.data, filter.size);
    struct sock_fprog program = {(unsigned short)count, aligned};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER_, 0, &program) < 0
               ? fail(context, "seccomp", "filter")
               : 0;
}

static char **strings(struct fields *fields) {
    uint32_t count = field_list(fields);
    char **list = take_pages((count + 1) * sizeof *list);
    for (uint32_t i = 0; list && i < count; i++) {
        list[i] = (char *)(uintptr_t)field_string(fields);
    }
    return list;
}

int op_execute(struct context *context, struct fields *fields) {
    char **argv = strings(fields);
    char **env = strings(fields);
    char **candidates = strings(fields);
    if (!argv || !env || !candidates) {
        return fail(context, "mmap", "arguments");
    }
    if (!fields_done(fields) || !argv[0]) {
        errno = EBADMSG;
        return fail(context, "plan", "arguments");
    }
    sys_close_range(GATE_FD, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */);
    umask(0022);
    sys_default_signals();
    int error = ENOENT;
    for (char **program = candidates; *program; program++) {
        execve(*program, argv, env);
        // As a shell does: a directory without permission does not end the search, but is told.
        if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) {
            error = errno;
            break;
        }
        error = errno == EACCES ? EACCES : error;
    }
    errno = error;
    return fail(context, "execve", argv[0]);
}
