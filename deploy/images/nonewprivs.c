/* Installed set-uid root: its effective user id tells whether the kernel let the bit count. */
#include <stdio.h>
#include <unistd.h>

int main(void) {
    return printf("Effective uid: %u\n", (unsigned)geteuid()) < 0;
}
