// Standard streams of a container or an exec: pipes or a terminal, seen from the shim's side.
#pragma once
#include "plan_exec.h"
#include <stdbool.h>

enum { PIPE_SIZE = 262144 }; // that a pipe of ours holds

struct streams {
    int in;     // write end, -1 when closed
    int out[2]; // read ends of stdout and stderr; a terminal has only the first
    bool tty;
};

// Makes what `settings` asks for, and the child's three ends in child[].
int streams_make(struct streams *streams, const struct settings *settings, int child[3]);
// The terminal that the child made for itself.
void streams_terminal(struct streams *streams, int master, bool stdin_open);
void streams_close_input(struct streams *streams);
int streams_resize(const struct streams *streams, unsigned rows, unsigned columns);
void close_three(int fds[3]);
