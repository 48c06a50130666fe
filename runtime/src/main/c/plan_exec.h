// Executes a plan, one operation after the other, through the processes it forks.
#pragma once
#include "plan_reader.h"
#include "report.h"
#include <stdbool.h>
#include <sys/types.h>

// In which process an operation finds itself.
enum process {
    PROCESS_SHIM,   // the shim, or an exec's monitor: settings only
    PROCESS_JOINER, // between: enters cgroups and namespaces, then clones
    PROCESS_INIT,   // becomes the container's or the exec's process
};

// What the first operations tell the shim about itself.
struct settings {
    const char *exit_file, *log_file, *kill_dir, *oom_file, *peak_file;
    bool tty, stdin_open, stdin_once, detach;
    uint64_t time_limit_ms;
    int track; // directory of the exec's own cgroup, or -1
    char track_name[32];
    int track_parent;
    bool track_unified;
};

struct context {
    struct plan plan;
    enum process process;
    struct settings settings;
    struct failure failure;
    uint32_t op_index;
    uint16_t op_code;
    int gate;         // where this process reports
    int streams[3];   // what the child gets as 0, 1, 2
    int init_pidfd;   // exec: the container's first process
    int root;         // the container's root
    int proc;         // a procfs nobody else has touched, or -1
    int *slots;       // detached mounts
    pid_t child;      // shim: the process that was forked
    bool child_joins; // shim: that process is a joiner, not the container's
    char *arguments;  // the command line, which tells paths of the host
    size_t arguments_size;
};

enum { GATE_FD = 3, TRACK_FD = 4, INIT_PIDFD = 5, FIRST_FREE_FD = 6 };

// Runs settings and the first fork in the caller; returns 0 with `child` set, or -1 with `failure`.
// The child never returns.
int plan_run(struct context *context);
// Keeps a detached mount for a later operation; the descriptor is closed when it cannot.
int put_slot(struct context *context, uint32_t slot, int fd);
// As fail(), with what the kernel says through the descriptor of a new filesystem.
int fail_fs(struct context *context, int fs, const char *call, const char *subject);
// Reads a list of `key=value`, or `key` for a flag, and tells the new filesystem.
int set_options(struct context *context, int fs, struct fields list);
// Whole pages that are zero and live until exec; NULL when there are none.
void *take_pages(size_t size);

typedef int op_handler(struct context *context, struct fields *fields);
op_handler op_exit_file, op_log_file, op_stdio, op_accounting, op_detach, op_track, op_time_limit;
op_handler op_fork, op_clone, op_join_cgroup, op_join_tracked, op_oom_score, op_join_namespaces,
    op_join_container, op_unshare, op_become_root, op_hostname, op_loopback_up, op_gate, op_reap,
    op_end, op_own_streams;
op_handler op_layer, op_chown, op_overlay, op_bind, op_empty;
op_handler op_attach_root, op_filesystem, op_attach, op_attach_part, op_node, op_host_node,
    op_verify, op_symlink, op_console, op_mask, op_readonly_path, op_readonly_root, op_pivot,
    op_readonly_mount, op_label;
op_handler op_sysctl, op_working_dir, op_rlimit, op_no_new_privileges, op_exec_label, op_bounding,
    op_identity, op_capabilities, op_ambient, op_seccomp, op_execute;
