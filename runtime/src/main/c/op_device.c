// Operations on the container's /dev, which is a tmpfs of our own.
#define _GNU_SOURCE
#include "cleanup.h"
#include "path.h"
#include "plan_exec.h"
#include "sys.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { DEVPTS_MAGIC = 0x1cd1, UNIX98_MAJOR = 136, TIOCGPTPEER_ = 0x5441 };

static int make_node(struct context *context, const char *target, mode_t mode, dev_t device,
                     uid_t uid, gid_t gid) {
    const char *name;
    AUTO_FD parent = root_make_parent(context->root, target, &name);
    if (parent < 0) {
        return fail(context, "openat2", target);
    }
    if (mknodat(parent, name, mode, device) < 0) {
        return fail(context, "mknod", target);
    }
    // The umask is 0 here. The node is ours: the directory is on a tmpfs no one else has entered.
    if ((uid != 0 || gid != 0) && fchownat(parent, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0) {
        return fail(context, "chown", target);
    }
    return 0;
}

int op_node(struct context *context, struct fields *fields) {
    const char *target = field_string(fields);
    uint32_t mode = field_u32(fields);
    uint32_t major = field_u32(fields);
    uint32_t minor = field_u32(fields);
    return make_node(context, target, S_IFCHR | (mode & 07777), makedev(major, minor), 0, 0);
}

// All ones stand for what the host's node has.
static uint32_t own_or(uint64_t own, uint32_t hosts) {
    return own == UINT64_MAX ? hosts : (uint32_t)own;
}

int op_host_node(struct context *context, struct fields *fields) {
    const char *source = field_string(fields);
    const char *target = field_string(fields);
    uint64_t mode = field_u64(fields);
    uint64_t uid = field_u64(fields);
    uint64_t gid = field_u64(fields);
    struct stat host;
    if (stat(source, &host) < 0) {
        return fail(context, "stat", source);
    }
    if (!S_ISCHR(host.st_mode) && !S_ISBLK(host.st_mode)) {
        errno = ENODEV;
        return fail(context, "stat", source);
    }
    mode_t bits = (host.st_mode & S_IFMT) | (own_or(mode, host.st_mode & 07777) & 07777);
    return make_node(context, target, bits, host.st_rdev, own_or(uid, host.st_uid),
                     own_or(gid, host.st_gid));
}

int op_verify(struct context *context, struct fields *fields) {
    const char *target = field_string(fields);
    uint32_t major = field_u32(fields);
    uint32_t minor = field_u32(fields);
    AUTO_FD node = root_open_strict(context->root, target, O_PATH);
    struct stat status;
    if (node < 0 || fstat(node, &status) < 0) {
        return fail(context, "openat2", target);
    }
    if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(major, minor)) {
        errno = ENODEV;
        return fail(context, "verify", target);
    }
    return 0;
}

int op_symlink(struct context *context, struct fields *fields) {
    const char *content = field_string(fields);
    const char *target = field_string(fields);
    const char *name;
    AUTO_FD parent = root_make_parent(context->root, target, &name);
    if (parent < 0) {
        return fail(context, "openat2", target);
    }
    return symlinkat(content, parent, name) < 0 ? fail(context, "symlink", target) : 0;
}

static int is_devpts(int fd) {
    struct statfs status;
    return fstatfs(fd, &status) == 0 && status.f_type == DEVPTS_MAGIC;
}

static int bind_console(struct context *context, int master, const struct stat *slave) {
    int number;
    char path[32];
    if (ioctl(master, TIOCGPTN, &number) < 0) {
        return fail(context, "ioctl", "number of the terminal");
    }
    snprintf(path, sizeof path, "/dev/pts/%d", number);
    AUTO_FD node = root_open_strict(context->root, path, O_PATH);
    struct stat status;
    if (node < 0 || fstat(node, &status) < 0) {
        return fail(context, "openat2", path);
    }
    if (!is_devpts(node) || status.st_rdev != slave->st_rdev) {
        errno = ENODEV;
        return fail(context, "verify", path);
    }
    AUTO_FD mount = sys_open_tree(node, "", 0);
    AUTO_FD at = root_mount_point(context->root, "/dev/console", false);
    if (mount < 0 || at < 0 || sys_move_mount(mount, at) < 0) {
        return fail(context, "move_mount", "/dev/console");
    }
    return 0;
}

// A terminal of the container's own devpts: the master goes to the shim, the slave is opened
// through the master and not by a name that somebody inside could have replaced.
int op_console(struct context *context, struct fields *fields) {
    bool bind = field_u32(fields);
    uid_t uid = (uid_t)field_u64(fields);
    AUTO_FD master = root_open(context->root, "/dev/pts/ptmx", O_RDWR | O_NOCTTY);
    if (master < 0) {
        return fail(context, "openat2", "/dev/pts/ptmx");
    }
    int unlock = 0;
    if (!is_devpts(master) || ioctl(master, TIOCSPTLCK, &unlock) < 0) {
        return fail(context, "verify", "/dev/pts/ptmx");
    }
    AUTO_FD slave = ioctl(master, TIOCGPTPEER_, O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct stat status;
    if (slave < 0 || fstat(slave, &status) < 0 || major(status.st_rdev) < UNIX98_MAJOR ||
        major(status.st_rdev) > UNIX98_MAJOR + 7) {
        return fail(context, "ioctl", "peer of the terminal");
    }
    if (fchown(slave, uid, (gid_t)-1) < 0) {
        return fail(context, "fchown", "terminal");
    }
    if (bind && bind_console(context, master, &status) < 0) {
        return -1;
    }
    if (ioctl(slave, TIOCSCTTY, 0) < 0) {
        return fail(context, "ioctl", "controlling terminal");
    }
    if (report_send(context->gate, REPORT_TERMINAL, 0, NULL, master) < 0) {
        return fail(context, "sendmsg", "terminal");
    }
    for (int fd = 0; fd < 3; fd++) {
        if (dup2(slave, fd) < 0) {
            return fail(context, "dup2", "terminal");
        }
    }
    return 0;
}
