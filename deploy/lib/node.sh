# shellcheck shell=bash
# A clean Debian 12 to install on: a root file system of its own and namespaces around it.

# The tree that this file is part of; the script that sources it says where.
: "${top:?}"

# Sets node_tar to an archive of a minimal Debian 12 with the libraries that the package depends on.
need_node() {
    local key
    need_packages mmdebstrap
    key=$(sha256sum "$top/deploy/lib/node.sh" | cut -c1-16)
    node_tar=$(cache_dir)/node/$key.tar
    [ ! -e "$node_tar" ] || return 0
    say "making a clean Debian 12 ($node_tar)"
    mkdir -p "$(dirname "$node_tar")"
    mmdebstrap --quiet --variant=minbase --include=libseccomp2,libnftables1 --format=tar \
        --aptopt='Acquire::Check-Valid-Until "false"' bookworm "$node_tar.new" \
        || die "mmdebstrap could not make a Debian 12"
    mv "$node_tar.new" "$node_tar"
}

# node_enter ROOT [HOST:INSIDE]… -- command…: runs a command with ROOT as its root file system, in
# mount, pid, network and IPC namespaces that end with it. A chroot would not do: processes in one may
# not make user namespaces, unshare(2).
node_enter() {
    local root=$1 binds=()
    shift
    while [ "$1" != -- ]; do
        binds+=("$1")
        shift
    done
    shift
    # shellcheck disable=SC2016  # expanded inside
    unshare --mount --pid --net --ipc --uts --fork --kill-child --propagation private \
        bash -euc '
        root=$1 count=$2
        shift 2
        ip link set lo up
        mount --bind "$root" "$root"
        for ((i = 0; i < count; i++)); do
            inside=$root${1#*:}
            mkdir -p "$inside"
            mount --bind -o ro "${1%%:*}" "$inside"
            shift
        done
        mount -t proc proc "$root/proc"
        mount -t sysfs sysfs "$root/sys"
        mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"
        mount --rbind /dev "$root/dev"
        mount -t tmpfs -o mode=0755 tmpfs "$root/run"
        mount -t tmpfs tmpfs "$root/tmp"
        mkdir -p "$root/run/old"
        cd "$root"
        pivot_root . run/old
        cd /
        umount -l /run/old
        rmdir /run/old
        mount --make-rshared /
        hostname node
        exec env -i HOME=/root TERM=dumb LANG=C.UTF-8 \
            PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
        ' enter "$root" "${#binds[@]}" "${binds[@]}" "$@"
}
