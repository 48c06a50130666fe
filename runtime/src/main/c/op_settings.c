// Operations that tell the shim, or an exec's monitor, about itself.
#define _GNU_SOURCE
#include "cleanup.h"
#include "exit_record.h"
#include "plan_exec.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

int op_exit_file(struct context *context, struct fields *fields) {
    const char *path = context->settings.exit_file = field_string(fields);
    return path[0] == 0 || exit_record_reserve(path) == 0 ? 0 : fail(context, "write", path);
}

int op_log_file(struct context *context, struct fields *fields) {
    context->settings.log_file = field_string(fields);
    return 0;
}

int op_stdio(struct context *context, struct fields *fields) {
    uint32_t flags = field_u32(fields);
    context->settings.tty = flags & 1;
    context->settings.stdin_open = flags & 2;
    context->settings.stdin_once = flags & 4;
    return 0;
}

int op_accounting(struct context *context, struct fields *fields) {
    context->settings.kill_dir = field_string(fields);
    context->settings.oom_file = field_string(fields);
    context->settings.peak_file = field_string(fields);
    return 0;
}

int op_detach(struct context *context, struct fields *fields) {
    (void)fields;
    context->settings.detach = true;
    return 0;
}

int op_time_limit(struct context *context, struct fields *fields) {
    context->settings.time_limit_ms = field_u64(fields);
    return 0;
}

// A name may be left over from an earlier exec whose background processes live on: then the next.
int op_track(struct context *context, struct fields *fields) {
    const char *parent = field_string(fields);
    struct settings *settings = &context->settings;
    settings->track_unified = field_u32(fields);
    settings->track_parent = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (settings->track_parent < 0) {
        return fail(context, "open", parent);
    }
    for (int attempt = 0; attempt < 64; attempt++) {
        snprintf(settings->track_name, sizeof settings->track_name, "exec-%d-%d", (int)getpid(),
                 attempt);
        if (mkdirat(settings->track_parent, settings->track_name, 0755) == 0) {
            settings->track = openat(settings->track_parent, settings->track_name,
                                     O_RDONLY | O_DIRECTORY | O_CLOEXEC);
            return settings->track < 0 ? fail(context, "open", settings->track_name) : 0;
        }
        if (errno != EEXIST) {
            break;
        }
    }
    return fail(context, "mkdir", parent);
}
