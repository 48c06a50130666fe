#define _GNU_SOURCE
#include "streams.h"
#include "cleanup.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static int output_pipe(int *mine, int *childs) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) {
        return -1;
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    fcntl(ends[0], F_SETPIPE_SZ, PIPE_SIZE); // a wish: fewer, larger reads
    *mine = ends[0];
    *childs = ends[1];
    return 0;
}

int streams_make(struct streams *streams, const struct settings *settings, int child[3]) {
    *streams = (struct streams){.in = -1, .out = {-1, -1}, .tty = settings->tty};
    child[0] = child[1] = child[2] = -1;
    if (settings->stdin_open && !settings->tty) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) < 0) {
            return -1;
        }
        fcntl(ends[1], F_SETFL, O_NONBLOCK);
        child[0] = ends[0];
        streams->in = ends[1];
    } else if ((child[0] = open("/dev/null", O_RDWR | O_CLOEXEC)) < 0) {
        return -1;
    }
    if (settings->tty) {
        child[1] = fcntl(child[0], F_DUPFD_CLOEXEC, 0);
        child[2] = fcntl(child[0], F_DUPFD_CLOEXEC, 0);
        return child[1] < 0 || child[2] < 0 ? -1 : 0;
    }
    return output_pipe(&streams->out[0], &child[1]) < 0 ||
                   output_pipe(&streams->out[1], &child[2]) < 0
               ? -1
               : 0;
}

void streams_terminal(struct streams *streams, int master, bool stdin_open) {
    fcntl(master, F_SETFL, O_NONBLOCK);
    streams->out[0] = master;
    streams->in = stdin_open ? fcntl(master, F_DUPFD_CLOEXEC, 0) : -1;
}

// A terminal has no end of file to send: it stays open until the container ends.
void streams_close_input(struct streams *streams) {
    if (!streams->tty) {
        close_fd(&streams->in);
    }
}

int streams_resize(const struct streams *streams, unsigned rows, unsigned columns) {
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    if (!streams->tty || streams->out[0] < 0) {
        errno = ENOTTY;
        return -1;
    }
    return ioctl(streams->out[0], TIOCSWINSZ, &size);
}

void close_three(int fds[3]) {
    for (int i = 0; i < 3; i++) {
        close_fd(&fds[i]);
    }
}
