#define _GNU_SOURCE
#include "frame.h"
#include "plan_exec.h"
#include "wire.h"
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PENDING = STREAM_CHUNK + FRAME_HEADER };

static void put32(uint8_t *at, uint32_t value) {
    for (int i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> 8 * i);
    }
}

static uint32_t get32(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void put_header(uint8_t *at, uint16_t type, size_t size) {
    put32(at, (uint32_t)size);
    put32(at + 4, type);
}

static bool again(void) {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

static enum inlet_result begin(struct inlet *inlet) {
    inlet->left = get32(inlet->header);
    inlet->type = (uint16_t)(inlet->header[4] | inlet->header[5] << 8);
    inlet->have = 0;
    if (inlet->type == REQ_LAUNCH || inlet->type == REQ_EXEC) {
        return inlet->left <= PLAN_MAX_SIZE ? INLET_PLAN : INLET_GONE;
    }
    if (inlet->type == REQ_STDIN) {
        if (!inlet->chunk) {
            inlet->chunk = take_pages(INLET_CHUNK);
        }
        return inlet->chunk ? INLET_MORE : INLET_GONE;
    }
    if (inlet->type == 0 || inlet->left > INLET_PAYLOAD) {
        return INLET_GONE;
    }
    return inlet->left == 0 ? INLET_FRAME : INLET_MORE;
}

static enum inlet_result got(struct inlet *inlet, uint32_t size) {
    if (inlet->type == 0) {
        inlet->have += size;
        return inlet->have == FRAME_HEADER ? begin(inlet) : INLET_MORE;
    }
    inlet->left -= size;
    if (inlet->type == REQ_STDIN) {
        inlet->fill = size;
        inlet->at = 0;
        if (inlet->left == 0) {
            inlet_next(inlet);
        }
        return INLET_MORE;
    }
    inlet->have += size;
    return inlet->left == 0 ? INLET_FRAME : INLET_MORE;
}

enum inlet_result inlet_read(struct inlet *inlet, int fd) {
    if (inlet_waits(inlet)) {
        return INLET_MORE;
    }
    uint8_t *to = inlet->header + inlet->have;
    size_t want = FRAME_HEADER - inlet->have;
    if (inlet->type == REQ_STDIN) {
        to = inlet->chunk;
        want = inlet->left < INLET_CHUNK ? inlet->left : INLET_CHUNK;
    } else if (inlet->type != 0) {
        to = inlet->payload + inlet->have;
        want = inlet->left;
    }
    if (want == 0) {
        inlet_next(inlet);
        return INLET_MORE;
    }
    ssize_t size = recv(fd, to, want, MSG_DONTWAIT);
    if (size < 0 && again()) {
        return INLET_MORE;
    }
    return size <= 0 ? INLET_GONE : got(inlet, (uint32_t)size);
}

void inlet_next(struct inlet *inlet) {
    inlet->type = 0;
    inlet->have = inlet->left = 0;
}

bool inlet_waits(const struct inlet *inlet) {
    return inlet->at < inlet->fill;
}

bool inlet_push(struct inlet *inlet, int target) {
    while (inlet_waits(inlet)) {
        ssize_t size = write(target, inlet->chunk + inlet->at, inlet->fill - inlet->at);
        if (size < 0 && again()) {
            return true;
        }
        if (size <= 0) {
            inlet->at = inlet->fill = 0; // nobody reads any more
            return false;
        }
        inlet->at += (uint32_t)size;
    }
    return true;
}

uint32_t inlet_u32(const struct inlet *inlet, uint32_t index) {
    return inlet->have >= 4 * (index + 1) ? get32(inlet->payload + (size_t)4 * index) : 0;
}

bool outlet_waits(const struct outlet *outlet) {
    return outlet->at < outlet->size;
}

bool outlet_push(struct outlet *outlet, int fd) {
    while (outlet_waits(outlet)) {
        ssize_t size = send(fd, outlet->pending + outlet->at, outlet->size - outlet->at,
                            MSG_DONTWAIT | MSG_NOSIGNAL);
        if (size < 0 && again()) {
            return true;
        }
        if (size <= 0) {
            return false;
        }
        outlet->at += (size_t)size;
    }
    return true;
}

bool outlet_frame(struct outlet *outlet, int fd, uint16_t type, const void *data, size_t size) {
    uint8_t header[FRAME_HEADER];
    put_header(header, type, size);
    struct iovec parts[] = {{header, sizeof header}, {(void *)(uintptr_t)data, size}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    ssize_t sent = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && !again()) {
        return false;
    }
    size_t done = sent < 0 ? 0 : (size_t)sent;
    if (done == sizeof header + size) {
        return true;
    }
    if (size > STREAM_CHUNK || (!outlet->pending && !(outlet->pending = take_pages(PENDING)))) {
        return false;
    }
    memcpy(outlet->pending, header, sizeof header);
    memcpy(outlet->pending + sizeof header, data, size);
    outlet->size = sizeof header + size;
    outlet->at = done;
    return true;
}

void relay_free(struct inlet *inlet, struct outlet *outlet) {
    if (inlet->chunk) {
        munmap(inlet->chunk, INLET_CHUNK);
    }
    if (outlet->pending) {
        munmap(outlet->pending, PENDING);
    }
    *inlet = (struct inlet){0};
    *outlet = (struct outlet){0};
}

bool frame_send(int fd, uint16_t type, const void *data, size_t size) {
    uint8_t header[FRAME_HEADER];
    put_header(header, type, size);
    struct iovec parts[] = {{header, sizeof header}, {(void *)(uintptr_t)data, size}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)(sizeof header + size);
}

// u32 operation, u32 opcode, u32 errno, u32 length and text of the call, then the detail.
bool frame_send_failure(int fd, const struct failure *failure) {
    uint8_t text[sizeof *failure + 16];
    size_t call = strnlen(failure->call, sizeof failure->call);
    size_t detail = strnlen(failure->detail, sizeof failure->detail);
    put32(text, failure->op_index);
    put32(text + 4, failure->op_code);
    put32(text + 8, (uint32_t)failure->error);
    put32(text + 12, (uint32_t)call);
    memcpy(text + 16, failure->call, call);
    memcpy(text + 16 + call, failure->detail, detail);
    return frame_send(fd, REP_FAILED, text, 16 + call + detail);
}

uint8_t *frame_read_plan(int fd, size_t size) {
    uint8_t *plan = take_pages(size);
    for (size_t at = 0; plan && at < size;) {
        ssize_t part = recv(fd, plan + at, size - at, 0);
        if (part < 0 && errno == EINTR) {
            continue;
        }
        if (part <= 0) {
            munmap(plan, size ? size : 1);
            return NULL;
        }
        at += (size_t)part;
    }
    return plan;
}
