#define _GNU_SOURCE
#include "path.h"
#include "cleanup.h"
#include "sys.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

// linux/magic.h
enum {
    PROC_MAGIC = 0x9fa0,
    SYSFS_MAGIC = 0x62656572,
    CGROUP_MAGIC = 0x27e0eb,
    CGROUP2_MAGIC = 0x63677270,
};

int root_open(int root, const char *path, uint64_t flags) {
    return sys_openat2(root, path, flags, 0, RESOLVE_IN_ROOT_ | RESOLVE_NO_MAGICLINKS_);
}

int root_open_strict(int root, const char *path, uint64_t flags) {
    return sys_openat2(root, path, flags, 0,
                       RESOLVE_IN_ROOT_ | RESOLVE_NO_MAGICLINKS_ | RESOLVE_NO_SYMLINKS_);
}

// Makes `name` in a directory that is held open. mkdirat follows no link at the end, and what is
// opened afterwards must be that very entry and no link that took its place.
static int make_entry(int parent, const char *name) {
    if (mkdirat(parent, name, 0755) < 0 && errno != EEXIST) {
        return -1;
    }
    return sys_openat2(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0,
                       RESOLVE_BENEATH_ | RESOLVE_NO_SYMLINKS_);
}

static int next_component(const char **at, char *name) {
    *at += strspn(*at, "/");
    size_t length = strcspn(*at, "/");
    if (length > NAME_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(name, *at, length);
    name[length] = 0;
    if (strcmp(name, "..") == 0) {
        errno = EINVAL;
        return -1;
    }
    *at += length;
    return length > 0;
}

int root_make_directory(int root, const char *path) {
    int whole = root_open(root, path, O_PATH | O_DIRECTORY);
    if (whole >= 0 || errno != ENOENT) {
        return whole;
    }
    char prefix[PATH_MAX] = "/";
    char name[NAME_MAX + 1];
    size_t used = 1;
    int current = root_open(root, "/", O_PATH | O_DIRECTORY);
    int more;
    while (current >= 0 && (more = next_component(&path, name)) > 0) {
        size_t length = strlen(name);
        if (used + length + 2 > sizeof prefix) {
            errno = ENAMETOOLONG;
            break;
        }
        memcpy(prefix + used, name, length + 1);
        used += length;
        // Links that exist are followed inside the root; only what is missing is made.
        int next = root_open(root, prefix, O_PATH | O_DIRECTORY);
        if (next < 0 && errno == ENOENT) {
            next = make_entry(current, name);
        }
        close(current);
        current = next;
        prefix[used++] = '/';
        prefix[used] = 0;
        more = 0;
    }
    if (current >= 0 && more != 0) {
        close_fd(&current);
    }
    return current;
}

int root_make_parent(int root, const char *path, const char **name) {
    const char *slash = strrchr(path, '/');
    *name = slash ? slash + 1 : path;
    size_t length = slash ? (size_t)(slash - path) : 0;
    char parent[PATH_MAX] = "/";
    if (**name == 0 || strcmp(*name, "..") == 0 || strcmp(*name, ".") == 0 ||
        length + 2 > sizeof parent) {
        errno = EINVAL;
        return -1;
    }
    if (length > 0) {
        memcpy(parent, path, length);
        parent[length] = 0;
    }
    return root_make_directory(root, parent);
}

// Images ship /etc/resolv.conf as a link to a file that only exists on a booted system: then the
// descriptor is the link's, and what is mounted there covers it.
static int create_file(int root, const char *path) {
    const char *name;
    AUTO_FD parent = root_make_parent(root, path, &name);
    if (parent < 0) {
        return -1;
    }
    AUTO_FD made = openat(parent, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_WRONLY, 0644);
    if (made < 0 && errno != EEXIST) {
        return -1;
    }
    return sys_openat2(parent, name, O_PATH | O_NOFOLLOW, 0,
                       RESOLVE_BENEATH_ | RESOLVE_NO_SYMLINKS_);
}

int root_make_file(int root, const char *path) {
    int fd = root_open(root, path, O_PATH);
    return fd >= 0 || errno != ENOENT ? fd : create_file(root, path);
}

// Whether what lies there is the kernel's state, which decides over more than the container.
static bool is_kernels(int fd) {
    struct statfs status;
    if (fstatfs(fd, &status) < 0) {
        return true; // not known to be anything else
    }
    return status.f_type == PROC_MAGIC || status.f_type == SYSFS_MAGIC ||
           status.f_type == CGROUP_MAGIC || status.f_type == CGROUP2_MAGIC;
}

int root_mount_point(int root, const char *path, bool directory) {
    int at = directory ? root_make_directory(root, path) : root_make_file(root, path);
    if (at < 0 || !is_kernels(at)) {
        return at;
    }
    close(at);
    return root_open_strict(root, path, directory ? O_PATH | O_DIRECTORY : O_PATH);
}
