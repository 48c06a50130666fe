#define _GNU_SOURCE
#include "cgroup_tree.h"
#include "cleanup.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { DEPTH = 32, WITHOUT_CHILDREN = 2 };

// getdents64(2)
struct entry {
    uint64_t inode;
    int64_t next;
    uint16_t size;
    uint8_t type;
    char name[];
};

// Cgroup filesystems count a directory's children in its links: most groups have none.
static int has_children(int directory) {
    struct stat status;
    return fstat(directory, &status) == 0 && status.st_nlink != WITHOUT_CHILDREN;
}

static void walk(int directory, group_visit *visit, void *what, int depth) {
    visit(directory, what);
    if (depth == 0 || !has_children(directory) || lseek(directory, 0, SEEK_SET) < 0) {
        return;
    }
    _Alignas(struct entry) char names[1024];
    long size;
    while ((size = syscall(SYS_getdents64, directory, names, sizeof names)) > 0) {
        for (long at = 0; at < size;) {
            const struct entry *entry = (const struct entry *)(const void *)(names + at);
            at += entry->size;
            if (entry->type != DT_DIR || strcmp(entry->name, ".") == 0 ||
                strcmp(entry->name, "..") == 0) {
                continue;
            }
            AUTO_FD child =
                openat(directory, entry->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            if (child >= 0) {
                walk(child, visit, what, depth - 1);
            }
        }
    }
}

void cgroup_walk(int directory, group_visit *visit, void *what) {
    walk(directory, visit, what, DEPTH);
}
