// How a process of a plan tells the shim what became of it.
#pragma once
#include <stdint.h>

struct context;

struct failure {
    uint32_t op_index;
    uint32_t op_code;
    int32_t error;
    char call[24];
    char detail[232];
};

enum report_type {
    REPORT_PID = 1,  // value: pid of the container's process
    REPORT_GATED,    // waiting to be told to go on
    REPORT_FAILED,   // failure says why
    REPORT_TERMINAL, // carries the terminal's master
};

// One message on the gate, a SOCK_SEQPACKET pair. End of file means: executed, or ended.
struct report {
    uint32_t type;
    int32_t value;
    struct failure failure;
};

// Notes which call failed on what, with errno; returns -1.
int fail(struct context *context, const char *call, const char *detail);
int report_send(int gate, uint32_t type, int32_t value, const struct failure *failure, int fd);
// Size of the message, 0 at end of file, -1 with errno; *fd is set to a received descriptor or -1.
long report_receive(int gate, struct report *report, int *fd);
