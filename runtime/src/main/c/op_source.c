// Operations that prepare detached mounts while the host's paths can be reached.
#define _GNU_SOURCE
#include "cleanup.h"
#include "path.h"
#include "plan_exec.h"
#include "sys.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

int put_slot(struct context *context, uint32_t slot, int fd) {
    if (slot >= context->plan.slots || context->slots[slot] >= 0) {
        close(fd);
        errno = EBADMSG;
        return fail(context, "plan", "slot");
    }
    context->slots[slot] = fd;
    return 0;
}

static int idmap(struct context *context, int mount, const char *user, unsigned flags) {
    AUTO_FD fd = open(user, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return fail(context, "open", user);
    }
    struct mount_attributes attributes = {.set = MOUNT_ATTR_IDMAP_, .userns_fd = (uint64_t)fd};
    return sys_mount_setattr(mount, flags, &attributes);
}

int op_layer(struct context *context, struct fields *fields) {
    uint32_t slot = field_u32(fields);
    const char *path = field_string(fields);
    const char *user = field_string(fields);
    int mount = sys_open_tree(AT_FDCWD, path, 0);
    if (mount < 0) {
        return fail(context, "open_tree", path);
    }
    if (idmap(context, mount, user, 0) < 0) {
        return fail(context, "mount_setattr idmap", path);
    }
    return put_slot(context, slot, mount);
}

int op_chown(struct context *context, struct fields *fields) {
    const char *path = field_string(fields);
    uint32_t uid = (uint32_t)field_u64(fields);
    uint32_t gid = (uint32_t)field_u64(fields);
    return fchownat(AT_FDCWD, path, uid, gid, AT_SYMLINK_NOFOLLOW) < 0
               ? fail(context, "chown", path)
               : 0;
}

static int clone_source(const char *source, const char *below, unsigned flags) {
    if (below[0] == 0) {
        return sys_open_tree(AT_FDCWD, source, flags);
    }
    AUTO_FD root = open(source, O_PATH | O_DIRECTORY | O_CLOEXEC);
    AUTO_FD inner = root < 0 ? -1 : root_open(root, below, O_PATH);
    return inner < 0 ? -1 : sys_open_tree(inner, "", flags);
}

int op_bind(struct context *context, struct fields *fields) {
    uint32_t slot = field_u32(fields);
    const char *source = field_string(fields);
    const char *below = field_string(fields);
    unsigned recursive = field_u32(fields) ? AT_RECURSIVE_ : 0;
    uint64_t set = field_u64(fields);
    unsigned everywhere = field_u32(fields) ? AT_RECURSIVE_ : 0;
    uint64_t propagation = field_u64(fields);
    const char *user = field_string(fields);
    bool optional = field_u32(fields);
    int mount = clone_source(source, below, recursive);
    if (mount < 0) {
        return optional && errno == ENOENT ? 0 : fail(context, "open_tree", source);
    }
    struct mount_attributes attributes = {.set = set};
    struct mount_attributes spread = {.propagation = propagation};
    if (user[0] != 0 && idmap(context, mount, user, recursive) < 0) {
        return fail(context, "mount_setattr idmap", source);
    }
    if (set != 0 && sys_mount_setattr(mount, everywhere, &attributes) < 0) {
        return fail(context, "mount_setattr", source);
    }
    if (propagation != 0 && sys_mount_setattr(mount, AT_RECURSIVE_, &spread) < 0) {
        return fail(context, "mount_setattr propagation", source);
    }
    return put_slot(context, slot, mount);
}

int op_empty(struct context *context, struct fields *fields) {
    uint32_t slot = field_u32(fields);
    struct fields options = field_skip_list(fields);
    AUTO_FD fs = sys_fsopen("tmpfs");
    if (fs < 0 || sys_fsconfig(fs, FSCONFIG_SET_STRING_, "size", "4k", 0) < 0 ||
        sys_fsconfig(fs, FSCONFIG_SET_STRING_, "mode", "555", 0) < 0) {
        return fail_fs(context, fs, "fsconfig", "tmpfs");
    }
    if (set_options(context, fs, options) < 0) {
        return -1;
    }
    if (sys_fsconfig(fs, FSCONFIG_CMD_CREATE_, NULL, NULL, 0) < 0) {
        return fail_fs(context, fs, "fsconfig create", "tmpfs");
    }
    int mount = sys_fsmount(fs, MOUNT_ATTR_RDONLY_ | MOUNT_ATTR_NOSUID_ | MOUNT_ATTR_NODEV_ |
                                    MOUNT_ATTR_NOEXEC_);
    return mount < 0 ? fail(context, "fsmount", "tmpfs") : put_slot(context, slot, mount);
}
