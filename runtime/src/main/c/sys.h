// System calls that the C library has no wrapper for. Numbers above 423 are the same on all
// architectures (asm-generic/unistd.h); musl 1.2.3 does not know the newer ones.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif
enum {
    RESOLVE_NO_XDEV_ = 0x01,
    RESOLVE_NO_MAGICLINKS_ = 0x02,
    RESOLVE_NO_SYMLINKS_ = 0x04,
    RESOLVE_BENEATH_ = 0x08,
    RESOLVE_IN_ROOT_ = 0x10,
    OPEN_TREE_CLONE_ = 1,
    MOUNT_ATTR_RDONLY_ = 0x01,
    MOUNT_ATTR_NOSUID_ = 0x02,
    MOUNT_ATTR_NODEV_ = 0x04,
    MOUNT_ATTR_NOEXEC_ = 0x08,
    MOUNT_ATTR_IDMAP_ = 0x00100000,
    FSCONFIG_SET_FLAG_ = 0,
    FSCONFIG_SET_STRING_ = 1,
    FSCONFIG_SET_FD_ = 5,
    FSCONFIG_CMD_CREATE_ = 6,
    AT_RECURSIVE_ = 0x8000,
};
#define CLONE_INTO_CGROUP_ 0x200000000ULL

struct mount_attributes {
    uint64_t set, clear, propagation, userns_fd;
};

int sys_openat2(int dir, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);
// A detached copy of what `path` below `dir` names; an empty path means `dir` itself.
int sys_open_tree(int dir, const char *path, unsigned flags);
int sys_move_mount(int from, int to); // both descriptors
int sys_fsopen(const char *type);
int sys_fsconfig(int fs, unsigned command, const char *key, const char *value, int aux);
int sys_fsmount(int fs, unsigned attributes);
int sys_mount_setattr(int fd, unsigned flags, const struct mount_attributes *attributes);
pid_t sys_clone3(uint64_t flags, int exit_signal, int cgroup);
int sys_pidfd_open(pid_t pid);
int sys_pidfd_signal(int pidfd, int signal);
int sys_close_range(unsigned first, unsigned last, unsigned flags);
int sys_pivot_root(const char *new_root, const char *old_root);
int sys_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable);
// musl's wrappers would signal all threads; the raw calls change this one only.
int sys_setgroups(size_t count, const uint32_t *groups);
int sys_setresgid(uint32_t gid);
int sys_setresuid(uint32_t uid);
int sys_default_signals(void);
int sys_join_session_keyring(void); // a new one without a name
int sys_any_cpu(void);              // that the cgroup allows
