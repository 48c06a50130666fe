#define _GNU_SOURCE
#include "report.h"
#include "plan_exec.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static void copy_text(char *to, size_t size, const char *from) {
    size_t length = strnlen(from, size - 1);
    memcpy(to, from, length);
    to[length] = 0;
}

int fail(struct context *context, const char *call, const char *detail) {
    int error = errno;
    struct failure *failure = &context->failure;
    *failure = (struct failure){
        .op_index = context->op_index, .op_code = context->op_code, .error = error};
    copy_text(failure->call, sizeof failure->call, call);
    copy_text(failure->detail, sizeof failure->detail, detail);
    errno = error;
    return -1;
}

int report_send(int gate, uint32_t type, int32_t value, const struct failure *failure, int fd) {
    struct report report = {.type = type, .value = value};
    if (failure) {
        report.failure = *failure;
    }
    struct iovec part = {&report, sizeof report};
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd >= 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = &control;
        message.msg_controllen = sizeof control.space;
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(head), &fd, sizeof fd);
    }
    return sendmsg(gate, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

long report_receive(int gate, struct report *report, int *fd) {
    struct iovec part = {report, sizeof *report};
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control.space};
    long size = recvmsg(gate, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    *fd = -1;
    if (size <= 0) {
        return size;
    }
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    if (head && head->cmsg_type == SCM_RIGHTS && head->cmsg_len == CMSG_LEN(sizeof(int))) {
        memcpy(fd, CMSG_DATA(head), sizeof *fd);
    }
    return size;
}
