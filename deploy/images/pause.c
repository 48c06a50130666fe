/* Sleeps until SIGTERM or SIGINT, as pid 1 too, where no signal has a default action. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static void leave(int signal) {
    (void)signal;
    _exit(0);
}

int main(void) {
    if (signal(SIGTERM, leave) == SIG_ERR || signal(SIGINT, leave) == SIG_ERR) {
        return EXIT_FAILURE;
    }
    for (;;) {
        pause();
    }
}
