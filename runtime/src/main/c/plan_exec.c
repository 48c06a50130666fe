#define _GNU_SOURCE
#include "plan_exec.h"
#include "wire.h"
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

static op_handler *const handlers[OP_LAST] = {
    [OP_EXIT_FILE] = op_exit_file,
    [OP_LOG_FILE] = op_log_file,
    [OP_STDIO] = op_stdio,
    [OP_ACCOUNTING] = op_accounting,
    [OP_DETACH] = op_detach,
    [OP_TRACK] = op_track,
    [OP_TIME_LIMIT] = op_time_limit,
    [OP_FORK] = op_fork,
    [OP_CLONE] = op_clone,
    [OP_JOIN_CGROUP] = op_join_cgroup,
    [OP_JOIN_TRACKED] = op_join_tracked,
    [OP_OOM_SCORE] = op_oom_score,
    [OP_JOIN_NAMESPACES] = op_join_namespaces,
    [OP_JOIN_CONTAINER] = op_join_container,
    [OP_UNSHARE] = op_unshare,
    [OP_BECOME_ROOT] = op_become_root,
    [OP_HOSTNAME] = op_hostname,
    [OP_LOOPBACK_UP] = op_loopback_up,
    [OP_GATE] = op_gate,
    [OP_REAP] = op_reap,
    [OP_END] = op_end,
    [OP_OWN_STREAMS] = op_own_streams,
    [OP_LAYER] = op_layer,
    [OP_CHOWN] = op_chown,
    [OP_OVERLAY] = op_overlay,
    [OP_BIND] = op_bind,
    [OP_EMPTY] = op_empty,
    [OP_ATTACH_ROOT] = op_attach_root,
    [OP_FILESYSTEM] = op_filesystem,
    [OP_ATTACH] = op_attach,
    [OP_ATTACH_PART] = op_attach_part,
    [OP_NODE] = op_node,
    [OP_HOST_NODE] = op_host_node,
    [OP_VERIFY] = op_verify,
    [OP_SYMLINK] = op_symlink,
    [OP_CONSOLE] = op_console,
    [OP_MASK] = op_mask,
    [OP_READONLY_PATH] = op_readonly_path,
    [OP_READONLY_ROOT] = op_readonly_root,
    [OP_PIVOT] = op_pivot,
    [OP_READONLY_MOUNT] = op_readonly_mount,
    [OP_LABEL] = op_label,
    [OP_SYSCTL] = op_sysctl,
    [OP_WORKING_DIR] = op_working_dir,
    [OP_RLIMIT] = op_rlimit,
    [OP_NO_NEW_PRIVILEGES] = op_no_new_privileges,
    [OP_EXEC_LABEL] = op_exec_label,
    [OP_BOUNDING] = op_bounding,
    [OP_IDENTITY] = op_identity,
    [OP_CAPABILITIES] = op_capabilities,
    [OP_AMBIENT] = op_ambient,
    [OP_SECCOMP] = op_seccomp,
    [OP_EXECUTE] = op_execute,
};

void *take_pages(size_t size) {
    void *pages =
        mmap(NULL, size ? size : 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return pages == MAP_FAILED ? NULL : pages;
}

static int step(struct context *context, struct op *op) {
    context->op_index = op->index;
    context->op_code = op->code;
    op_handler *handler = handlers[op->code];
    // Before the first fork only settings and forks may run: the shim itself stays as it is.
    bool setting = op->code < OP_FORK;
    bool starts = op->code == OP_FORK || op->code == OP_CLONE;
    if (!handler || (context->process == PROCESS_SHIM ? !setting && !starts : setting)) {
        errno = EBADMSG;
        return fail(context, "plan", "operation out of place");
    }
    if (handler(context, &op->fields) < 0) {
        return -1;
    }
    if (!fields_done(&op->fields)) {
        errno = EBADMSG;
        return fail(context, "plan", "operation with wrong fields");
    }
    return 0;
}

static int run(struct context *context) {
    struct op op;
    int more;
    while ((more = plan_next(&context->plan, &op)) > 0) {
        if (step(context, &op) < 0) {
            return -1;
        }
        if (context->process == PROCESS_SHIM && context->child > 0) {
            return 0; // the child goes on from here
        }
    }
    errno = EBADMSG;
    return fail(context, "plan", "ends without a process");
}

int plan_run(struct context *context) {
    context->slots = take_pages(context->plan.slots * sizeof(int));
    if (!context->slots) {
        return fail(context, "mmap", "slots");
    }
    for (uint32_t slot = 0; slot < context->plan.slots; slot++) {
        context->slots[slot] = -1;
    }
    int result = run(context);
    if (context->process == PROCESS_SHIM) {
        munmap(context->slots, context->plan.slots ? context->plan.slots * sizeof(int) : 1);
        return result;
    }
    report_send(GATE_FD, REPORT_FAILED, 0, &context->failure, -1);
    _exit(125);
}
