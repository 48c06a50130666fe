// The program of the pod that a new installation is tried with: says what it sees, and ends with 0
// when it sees what a pod should.
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int complain(const char *what) {
    fprintf(stderr, "carpel-verify: %s\n", what);
    return 1;
}

int main(void) {
    char host[256] = "";
    if (gethostname(host, sizeof host - 1) != 0 || strcmp(host, "carpel-verify") != 0) {
        return complain("the host name is not the pod's");
    }
    if (getpid() != 1) {
        return complain("there is no process namespace of its own");
    }
    struct stat status;
    if (stat("/proc/1/status", &status) != 0 || stat("/dev/null", &status) != 0) {
        return complain("/proc or /dev is not mounted");
    }
    int others = 0;
    struct if_nameindex *links = if_nameindex();
    for (struct if_nameindex *link = links; link && link->if_index; link++) {
        others += strcmp(link->if_name, "lo") != 0;
    }
    if (others == 0) {
        return complain("the pod has no network interface but lo");
    }
    if_freenameindex(links);
    puts("carpel-verify: ok");
    return 0;
}
