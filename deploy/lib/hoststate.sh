# shellcheck shell=bash
# What a run may leave on the host: written down before and after, and compared.

# host_state: everything a container runtime could leave behind, one line each, in a fixed order.
host_state() {
    # `ip netns add` makes /run/netns a mount point once and for all; what is in it counts.
    awk '$5 != "/run/netns" { print "mount", $5, $(NF - 2), $(NF - 1) }' /proc/self/mountinfo
    ip -o link show | sed 's/^[0-9]*: \([^:@]*\).*/link \1/'
    find /run/netns -mindepth 1 2>/dev/null | sed 's/^/netns /'
    if command -v nft >/dev/null; then
        nft list tables | sed 's/^/nft /'
    fi
    find /sys/fs/cgroup -type d -name '*carpel*' | sed 's/^/cgroup /'
    host_processes | sed 's/^/process /'
    # Ours have a name of ours, or lie where the CNI plugins keep theirs.
    find /run /var/lib -xdev \( -name '*carpel*' -o -path '/var/lib/cni/*' \) \
        -not -path '*/carpel-host/*' 2>/dev/null | sed 's/^/file /'
    ipcs -m -q -s 2>/dev/null | grep -E '^0x' | sed 's/^/ipc /'
}

# Processes by name, kernel threads and this very pipeline left out. Only names that a container
# or a helper of ours runs under: a host has a life of its own. A process that has ended and waits for
# the host's init to take note is nobody's any more, and some inits take their time.
host_processes() {
    ps -eo ppid=,stat=,comm= | awk '$1 != 2 && $2 !~ /^Z/ { print $3 }' \
        | grep -E '^(carpel|shim|nginx|httpd|pause|nnp|top|docker-registry|dhcp)' | sort
}

# host_state_compare BEFORE AFTER: prints what came or went; fails when something did.
host_state_compare() {
    local came went
    came=$(comm -13 <(sort "$1") <(sort "$2"))
    went=$(comm -23 <(sort "$1") <(sort "$2"))
    if [ -n "$came" ]; then
        printf 'left on the host:\n%s\n' "$came"
    fi
    if [ -n "$went" ]; then
        printf 'gone from the host:\n%s\n' "$went"
    fi
    [ -z "$came$went" ]
}
