// Operations that build the container's tree in its own mount namespace.
#define _GNU_SOURCE
#include "cleanup.h"
#include "path.h"
#include "plan_exec.h"
#include "sys.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

static int take_slot(struct context *context, uint32_t slot) {
    if (slot >= context->plan.slots) {
        errno = EBADMSG;
        return -1;
    }
    int fd = context->slots[slot];
    context->slots[slot] = -1;
    if (fd < 0) {
        errno = EBADF;
    }
    return fd;
}

// The new root is put on top of the old one, where no directory is needed that a mapped user could
// reach, and stays attached until pivot_root puts it below everything. The old one is that of the mount
// namespace, which setns(2) makes it, and not that of an agent in a chroot(2): pivot_root would leave
// the host above the container then, and whoever entered the namespace later would stand there.
int op_attach_root(struct context *context, struct fields *fields) {
    int mount = take_slot(context, field_u32(fields));
    AUTO_FD self = sys_pidfd_open(getpid());
    if (self < 0 || setns(self, CLONE_NEWNS) < 0) {
        return fail(context, "setns", "the root of the mount namespace");
    }
    AUTO_FD host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct mount_attributes alone = {.propagation = MS_PRIVATE};
    if (mount < 0 || host < 0) {
        return fail(context, "open", "/");
    }
    if (sys_mount_setattr(host, AT_RECURSIVE_, &alone) < 0) {
        return fail(context, "mount_setattr private", "/");
    }
    if (sys_move_mount(mount, host) < 0) {
        return fail(context, "move_mount", "root");
    }
    context->root = mount;
    return 0;
}

static int set_option(int fs, const char *option) {
    char key[32];
    const char *equals = strchr(option, '=');
    if (!equals) {
        return sys_fsconfig(fs, FSCONFIG_SET_FLAG_, option, NULL, 0);
    }
    size_t length = (size_t)(equals - option);
    if (length >= sizeof key) {
        errno = EINVAL;
        return -1;
    }
    memcpy(key, option, length);
    key[length] = 0;
    return sys_fsconfig(fs, FSCONFIG_SET_STRING_, key, equals + 1, 0);
}

int set_options(struct context *context, int fs, struct fields list) {
    for (uint32_t count = field_list(&list); count > 0; count--) {
        const char *option = field_string(&list);
        if (set_option(fs, option) < 0) {
            return fail(context, "fsconfig", option);
        }
    }
    return 0;
}

// Where a filesystem of ours goes no link may lead: an image whose /proc or /dev is one is refused.
static int own_directory(struct context *context, const char *target) {
    int fd = root_open_strict(context->root, target, O_PATH | O_DIRECTORY);
    if (fd >= 0 || errno != ENOENT) {
        return fd;
    }
    AUTO_FD made = root_make_directory(context->root, target);
    return made < 0 ? -1 : root_open_strict(context->root, target, O_PATH | O_DIRECTORY);
}

int op_filesystem(struct context *context, struct fields *fields) {
    const char *type = field_string(fields);
    const char *target = field_string(fields);
    unsigned attributes = (unsigned)field_u64(fields);
    AUTO_FD fs = sys_fsopen(type);
    if (fs < 0) {
        return fail(context, "fsopen", type);
    }
    if (sys_fsconfig(fs, FSCONFIG_SET_STRING_, "source", type, 0) < 0) { // what df(1) calls it
        return fail(context, "fsconfig", type);
    }
    if (set_options(context, fs, field_skip_list(fields)) < 0) {
        return -1;
    }
    if (sys_fsconfig(fs, FSCONFIG_CMD_CREATE_, NULL, NULL, 0) < 0) {
        return fail(context, "fsconfig create", type);
    }
    AUTO_FD mount = sys_fsmount(fs, attributes);
    if (mount < 0) {
        return fail(context, "fsmount", type);
    }
    AUTO_FD at = own_directory(context, target);
    if (at < 0) {
        return fail(context, "openat2", target);
    }
    if (sys_move_mount(mount, at) < 0) {
        return fail(context, "move_mount", target);
    }
    if (strcmp(type, "proc") == 0 && context->proc < 0) {
        context->proc = mount; // made by us a moment ago: a procfs beyond doubt
        mount = -1;
    }
    return 0;
}

static int attach(struct context *context, int mount, const char *target) {
    struct stat source;
    if (fstat(mount, &source) < 0) {
        return fail(context, "fstat", target);
    }
    AUTO_FD at = root_mount_point(context->root, target, S_ISDIR(source.st_mode));
    if (at < 0) {
        return fail(context, "openat2", target);
    }
    return sys_move_mount(mount, at) < 0 ? fail(context, "move_mount", target) : 0;
}

int op_attach(struct context *context, struct fields *fields) {
    uint32_t slot = field_u32(fields);
    const char *target = field_string(fields);
    AUTO_FD mount = take_slot(context, slot);
    if (mount < 0) {
        return errno == EBADF ? 0 : fail(context, "plan", "slot"); // an optional source
    }
    return attach(context, mount, target);
}

// A copy of one file or directory of a detached mount. Kernels before 6.15 copy from attached
// mounts only, so it is attached for a moment: over the root, where no directory is needed.
static int part_of(struct context *context, int whole, const char *path) {
    if (sys_move_mount(whole, context->root) < 0) {
        return fail(context, "move_mount", path);
    }
    AUTO_FD part = root_open(whole, path, O_PATH);
    int copy = part < 0 ? -1 : sys_open_tree(part, "", 0);
    int error = errno;
    if (fchdir(whole) < 0 || umount2(".", MNT_DETACH) < 0 || fchdir(context->root) < 0) {
        int failed = fail(context, "umount2", path);
        return copy < 0 ? failed : (close(copy), failed);
    }
    errno = error;
    return copy < 0 ? fail(context, "open_tree", path) : copy;
}

int op_attach_part(struct context *context, struct fields *fields) {
    uint32_t slot = field_u32(fields);
    const char *target = field_string(fields);
    const char *path = field_string(fields);
    struct mount_attributes attributes = {.set = field_u64(fields)};
    AUTO_FD whole = take_slot(context, slot);
    if (whole < 0) {
        return fail(context, "plan", "slot");
    }
    AUTO_FD part = part_of(context, whole, path);
    if (part < 0) {
        return -1;
    }
    if (attributes.set != 0 && sys_mount_setattr(part, 0, &attributes) < 0) {
        return fail(context, "mount_setattr", target);
    }
    return attach(context, part, target);
}

// What is mounted at the target itself becomes read-only, nothing below it.
int op_readonly_mount(struct context *context, struct fields *fields) {
    const char *target = field_string(fields);
    AUTO_FD at = root_open_strict(context->root, target, O_PATH | O_DIRECTORY);
    struct mount_attributes readonly = {.set = MOUNT_ATTR_RDONLY_};
    if (at < 0) {
        return fail(context, "openat2", target);
    }
    return sys_mount_setattr(at, 0, &readonly) < 0 ? fail(context, "mount_setattr", target) : 0;
}

// A filesystem without labels is left as it is.
int op_label(struct context *context, struct fields *fields) {
    const char *target = field_string(fields);
    const char *label = field_string(fields);
    AUTO_FD at = root_open_strict(context->root, target, O_RDONLY | O_DIRECTORY);
    if (at < 0) {
        return fail(context, "openat2", target);
    }
    if (fsetxattr(at, "security.selinux", label, strlen(label), 0) < 0 && errno != EOPNOTSUPP) {
        return fail(context, "fsetxattr", target);
    }
    return 0;
}

// /dev/null for files, an empty read-only tmpfs for directories. The node is checked to be the
// null device, since a mask made of anything else would be a door.
static int mask_source(struct context *context, bool directory, struct fields options) {
    if (directory) {
        AUTO_FD fs = sys_fsopen("tmpfs");
        if (fs < 0 || sys_fsconfig(fs, FSCONFIG_SET_STRING_, "source", "tmpfs", 0) < 0 ||
            sys_fsconfig(fs, FSCONFIG_SET_STRING_, "size", "0", 0) < 0) {
            return fail(context, "fsconfig", "tmpfs");
        }
        if (set_options(context, fs, options) < 0) {
            return -1;
        }
        if (sys_fsconfig(fs, FSCONFIG_CMD_CREATE_, NULL, NULL, 0) < 0) {
            return fail(context, "fsconfig create", "tmpfs");
        }
        int mount = sys_fsmount(fs, MOUNT_ATTR_RDONLY_);
        return mount < 0 ? fail(context, "fsmount", "tmpfs") : mount;
    }
    AUTO_FD null = root_open_strict(context->root, "/dev/null", O_PATH);
    struct stat status;
    if (null < 0 || fstat(null, &status) < 0) {
        return fail(context, "openat2", "/dev/null");
    }
    if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(1, 3)) {
        errno = ENODEV;
        return fail(context, "verify", "/dev/null is not the null device");
    }
    int mount = sys_open_tree(null, "", 0);
    return mount < 0 ? fail(context, "open_tree", "/dev/null") : mount;
}

int op_mask(struct context *context, struct fields *fields) {
    const char *target = field_string(fields);
    struct fields options = field_skip_list(fields);
    AUTO_FD at = root_open(context->root, target, O_PATH);
    if (at < 0) {
        return errno == ENOENT || errno == ENOTDIR ? 0 : fail(context, "openat2", target);
    }
    struct stat status;
    if (fstat(at, &status) < 0) {
        return fail(context, "fstat", target);
    }
    AUTO_FD mount = mask_source(context, S_ISDIR(status.st_mode), options);
    if (mount < 0) {
        return -1;
    }
    return sys_move_mount(mount, at) < 0 ? fail(context, "move_mount", target) : 0;
}

int op_readonly_path(struct context *context, struct fields *fields) {
    const char *target = field_string(fields);
    AUTO_FD at = root_open(context->root, target, O_PATH);
    if (at < 0) {
        return errno == ENOENT || errno == ENOTDIR ? 0 : fail(context, "openat2", target);
    }
    AUTO_FD mount = sys_open_tree(at, "", AT_RECURSIVE_);
    if (mount < 0) {
        return fail(context, "open_tree", target);
    }
    struct mount_attributes readonly = {.set = MOUNT_ATTR_RDONLY_};
    if (sys_mount_setattr(mount, AT_RECURSIVE_, &readonly) < 0) {
        return fail(context, "mount_setattr", target);
    }
    return sys_move_mount(mount, at) < 0 ? fail(context, "move_mount", target) : 0;
}

int op_readonly_root(struct context *context, struct fields *fields) {
    (void)fields;
    struct mount_attributes readonly = {.set = MOUNT_ATTR_RDONLY_};
    return sys_mount_setattr(context->root, 0, &readonly) < 0 ? fail(context, "mount_setattr", "/")
                                                              : 0;
}

int op_pivot(struct context *context, struct fields *fields) {
    (void)fields;
    if (fchdir(context->root) < 0) {
        return fail(context, "fchdir", "root");
    }
    // Old and new root at one place: the old one ends up on top and is taken off.
    if (sys_pivot_root(".", ".") < 0) {
        return fail(context, "pivot_root", "");
    }
    if (umount2(".", MNT_DETACH) < 0) {
        return fail(context, "umount2", "host root");
    }
    return chdir("/") < 0 ? fail(context, "chdir", "/") : 0;
}
