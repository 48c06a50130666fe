// Descriptors and pages that close themselves at the end of their block.
#pragma once
#include <unistd.h>

static inline void close_fd(int *fd) {
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
}

#define AUTO_FD __attribute__((cleanup(close_fd))) int
