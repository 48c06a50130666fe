// The root filesystem and image volumes: layers put together by overlayfs.
//
// A layer reaches overlayfs in one of two ways. Since Linux 6.7 each can be named by itself with
// `lowerdir+`, and since 6.13 a detached mount, which an idmapped layer is, can be named by its
// descriptor. Older kernels take one string of paths, and only of mounts that are attached in the
// caller's mount namespace: there the layers are attached in a stage, a tmpfs in a mount namespace
// that lasts for the one operation. Overlayfs has private copies of the layers' mounts afterwards.
#define _GNU_SOURCE
#include "cleanup.h"
#include "plan_exec.h"
#include "sys.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

// fsconfig() takes strings below 256 bytes, and a name on the stage has one byte and a colon.
enum { STRING_SIZE = 256, STAGE_LAYERS = STRING_SIZE / 2 };

struct overlay {
    uint32_t slot;
    struct fields paths; // of layers that are mounted as they are
    uint32_t path_count;
    uint32_t first; // slot of the first idmapped layer
    uint32_t slot_count;
    const char *upper, *work;
    struct fields options;
};

// The kernel tells more than errno through the descriptor of the new filesystem.
int fail_fs(struct context *context, int fs, const char *call, const char *subject) {
    int error = errno;
    char text[200];
    size_t used = (size_t)snprintf(text, 120, "%s", subject);
    used = used < 120 ? used : 119;
    if (fs >= 0) {
        memcpy(text + used, ": ", 2);
        ssize_t got = read(fs, text + used + 2, sizeof text - used - 3);
        used += got > 0 ? 2 + (size_t)got : 0;
    }
    while (used > 0 && text[used - 1] == '\n') {
        used--;
    }
    text[used] = 0;
    errno = error;
    return fail(context, call, text);
}

static bool kernel_has(unsigned major, unsigned minor) {
    struct utsname name;
    if (uname(&name) < 0) {
        return false;
    }
    char *rest = name.release; // "6.12.117+deb13-amd64"
    unsigned long have_major = strtoul(rest, &rest, 10);
    unsigned long have_minor = rest[0] == '.' ? strtoul(rest + 1, NULL, 10) : 0;
    return have_major > major || (have_major == major && have_minor >= minor);
}

static int layer_slot(struct context *context, const struct overlay *overlay, uint32_t index) {
    uint32_t slot = overlay->first + index;
    if (slot >= context->plan.slots || context->slots[slot] < 0) {
        errno = EBADMSG;
        return -1;
    }
    return context->slots[slot];
}

// A path too long for a string goes by descriptor.
static int set_path(int fs, const char *key, const char *path) {
    if (strlen(path) < STRING_SIZE) {
        return sys_fsconfig(fs, FSCONFIG_SET_STRING_, key, path, 0);
    }
    AUTO_FD fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -1 : sys_fsconfig(fs, FSCONFIG_SET_FD_, key, NULL, fd);
}

static int name_layers(struct context *context, int fs, const struct overlay *overlay) {
    struct fields paths = overlay->paths;
    for (uint32_t i = 0; i < overlay->path_count; i++) {
        const char *path = field_string(&paths);
        if (set_path(fs, "lowerdir+", path) < 0) {
            return fail_fs(context, fs, "fsconfig lowerdir+", path);
        }
    }
    for (uint32_t i = 0; i < overlay->slot_count; i++) {
        // The slot stays open: closing it would dissolve the detached mount under the overlay.
        int mount = layer_slot(context, overlay, i);
        if (mount < 0 || sys_fsconfig(fs, FSCONFIG_SET_FD_, "lowerdir+", NULL, mount) < 0) {
            return fail_fs(context, fs, "fsconfig lowerdir+", "mapped layer");
        }
    }
    return 0;
}

// A writable layer is never used again after its container, and swept away after a reboot: it need
// not reach the disk. Without `volatile` (5.10) a container could not end before all that anybody
// has written to that filesystem has been synced.
static int set_writable(struct context *context, int fs, const struct overlay *overlay) {
    if (set_path(fs, "upperdir", overlay->upper) < 0 ||
        set_path(fs, "workdir", overlay->work) < 0 ||
        sys_fsconfig(fs, FSCONFIG_SET_FLAG_, "volatile", NULL, 0) < 0) {
        return fail_fs(context, fs, "fsconfig upperdir", overlay->upper);
    }
    return 0;
}

static int create(struct context *context, int fs, const struct overlay *overlay) {
    if (overlay->upper[0] != 0 && set_writable(context, fs, overlay) < 0) {
        return -1;
    }
    if (set_options(context, fs, overlay->options) < 0) {
        return -1;
    }
    if (sys_fsconfig(fs, FSCONFIG_CMD_CREATE_, NULL, NULL, 0) < 0) {
        return fail_fs(context, fs, "fsconfig create", overlay->upper);
    }
    int mount = sys_fsmount(fs, overlay->upper[0] == 0 ? MOUNT_ATTR_RDONLY_ : 0);
    return mount < 0 ? fail_fs(context, fs, "fsmount", overlay->upper) : mount;
}

// The next byte that means nothing in a path or in overlayfs' list of paths.
static unsigned char next_name(unsigned char name) {
    do {
        name++;
    } while (strchr("./:,\\", name) || name == 0x7f);
    return name;
}

static int attach_at(int stage, const char *name, int mount) {
    if (mount < 0 || mkdirat(stage, name, 0700) < 0) {
        return -1;
    }
    AUTO_FD at = openat(stage, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return at < 0 ? -1 : sys_move_mount(mount, at);
}

static int attach_layers(struct context *context, int stage, int fs,
                         const struct overlay *overlay) {
    char list[STRING_SIZE];
    size_t used = 0;
    unsigned char byte = ' ';
    struct fields paths = overlay->paths;
    uint32_t count = overlay->path_count + overlay->slot_count;
    if (count == 0 || count > STAGE_LAYERS) {
        errno = E2BIG;
        return fail(context, "overlay", "more layers than this kernel takes at once");
    }
    for (uint32_t i = 0; i < count; i++) {
        byte = next_name(byte);
        const char name[] = {(char)byte, 0};
        int result;
        if (i < overlay->path_count) {
            AUTO_FD copy = sys_open_tree(AT_FDCWD, field_string(&paths), 0);
            result = attach_at(stage, name, copy);
        } else {
            result = attach_at(stage, name, layer_slot(context, overlay, i - overlay->path_count));
        }
        if (result < 0) {
            return fail(context, "attach layer", overlay->upper);
        }
        list[used++] = (char)byte;
        list[used++] = ':';
    }
    list[used - 1] = 0;
    if (sys_fsconfig(fs, FSCONFIG_SET_STRING_, "lowerdir", list, 0) < 0) {
        return fail_fs(context, fs, "fsconfig lowerdir", overlay->upper);
    }
    return 0;
}

// An empty tmpfs on /proc, which is always there, and the working directory on it.
static int open_stage(void) {
    AUTO_FD root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct mount_attributes alone = {.propagation = MS_PRIVATE};
    if (root < 0 || sys_mount_setattr(root, AT_RECURSIVE_, &alone) < 0) {
        return -1;
    }
    AUTO_FD at = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    AUTO_FD fs = at < 0 ? -1 : sys_fsopen("tmpfs");
    if (fs < 0 || sys_fsconfig(fs, FSCONFIG_CMD_CREATE_, NULL, NULL, 0) < 0) {
        return -1;
    }
    AUTO_FD mount = sys_fsmount(fs, 0);
    if (mount < 0 || sys_move_mount(mount, at) < 0 || fchdir(mount) < 0) {
        return -1;
    }
    int stage = mount;
    mount = -1;
    return stage;
}

static int create_staged(struct context *context, int fs, const struct overlay *overlay) {
    AUTO_FD home = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    if (home < 0) {
        return fail(context, "open", "/proc/self/ns/mnt");
    }
    if (unshare(CLONE_NEWNS) < 0) {
        return fail(context, "unshare", "mount namespace for layers");
    }
    AUTO_FD stage = open_stage();
    int mount = stage < 0 ? fail(context, "mount", "stage for layers")
                          : attach_layers(context, stage, fs, overlay);
    if (mount == 0) {
        mount = create(context, fs, overlay);
    }
    if (setns(home, CLONE_NEWNS) < 0) {
        if (mount >= 0) {
            close(mount);
        }
        return fail(context, "setns", "mount namespace");
    }
    return mount;
}

int op_overlay(struct context *context, struct fields *fields) {
    struct overlay overlay = {.slot = field_u32(fields), .path_count = field_list(fields)};
    overlay.paths = *fields;
    for (uint32_t i = 0; i < overlay.path_count; i++) {
        field_string(fields);
    }
    overlay.first = field_u32(fields);
    overlay.slot_count = field_u32(fields);
    overlay.upper = field_string(fields);
    overlay.work = field_string(fields);
    overlay.options = field_skip_list(fields);
    AUTO_FD fs = sys_fsopen("overlay");
    if (fs < 0) {
        return fail(context, "fsopen", "overlay");
    }
    if (sys_fsconfig(fs, FSCONFIG_SET_STRING_, "source", "overlay", 0) < 0) {
        return fail_fs(context, fs, "fsconfig", "source");
    }
    int mount;
    if (kernel_has(6, overlay.slot_count > 0 ? 13 : 7)) {
        mount = name_layers(context, fs, &overlay) < 0 ? -1 : create(context, fs, &overlay);
    } else {
        mount = create_staged(context, fs, &overlay);
    }
    return mount < 0 ? -1 : put_slot(context, overlay.slot, mount);
}
