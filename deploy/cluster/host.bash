# shellcheck shell=bash
# A host to install on: a clean Debian 12 below a directory of the cluster's, with a service manager of
# two verbs. The node that is labelled is the cluster's.

# The file that loads this one has loaded support.
: "${top:?}" "${cluster_node:?}"
for part in dist node images; do
    # shellcheck source=/dev/null
    . "$top/deploy/lib/$part.sh"
done

# host_make: sets and exports host, dist and images_layout.
host_make() {
    need_node >&2
    need_images >&2
    need_dist >&2
    export host=$CARPEL_CLUSTER/host dist=${dist_tree:?} images_layout=${images_dir:?}/layout
    mkdir -p "$host"
    tar -C "$host" -xf "${node_tar:?}"
    mount --bind "$host" "$host"
    # As the root of a host with systemd is.
    mount --make-shared "$host"
    mkdir "$host/root/layout"
    mount --bind "$images_layout" "$host/root/layout"
    mount -t proc proc "$host/proc"
    mount --rbind /sys "$host/sys"
    mount --make-rslave "$host/sys"
    mount --rbind /dev "$host/dev"
    mount --make-rslave "$host/dev"
    mount -t tmpfs -o mode=0755 tmpfs "$host/run"
    # With its keys in it, since their files are not in the pod.
    kubectl config view --raw --flatten >"$host/root/admin.conf"
    install -m 0755 "$top/deploy/cluster/service" "$host/usr/local/sbin/service"
    # What it starts is no child of who asks for it: an installer's pod takes its processes along.
    setsid "$top/deploy/cluster/service-manager" "$host" "$CARPEL_CLUSTER" >"$CARPEL_CLUSTER/manager.log" 2>&1 </dev/null 3>&- &
    echo $! >"$CARPEL_CLUSTER/manager.pid"
    wait_for 10 test -p "$host/run/service/requests"
    files_of_host >"$CARPEL_CLUSTER/host.before"
}

# host_has_kubelet: what the kubelet and the agent of the host tell each other by its path is the same for
# both, as if the kubelet ran on the host; and so are the sockets of the agents, in DIR/shared for that of
# the host.
host_has_kubelet() {
    local name
    mkdir -p "$CARPEL_CLUSTER/shared"
    for name in kubelet pods shared agent host; do
        mkdir -p "$host$CARPEL_CLUSTER/$name"
    done
    # Without the namespaces that the cluster's agent has pinned there: a second mount would hold them.
    for name in pods shared agent; do
        mount --bind "$CARPEL_CLUSTER/$name" "$host$CARPEL_CLUSTER/$name"
    done
    # With what is mounted there now and later; a kubelet shares its directory by itself.
    for name in kubelet host; do
        mount --rbind "$CARPEL_CLUSTER/$name" "$host$CARPEL_CLUSTER/$name"
        mount --make-rslave "$host$CARPEL_CLUSTER/$name"
    done
    mv "$CARPEL_CLUSTER/kubelet.yaml" "$host/etc/kubelet.yaml"
    ln -s "$host/etc/kubelet.yaml" "$CARPEL_CLUSTER/kubelet.yaml"
    files_of_host >"$CARPEL_CLUSTER/host.before"
}

# host_remove INSTANCE: with everything that an agent of this instance has left.
host_remove() {
    if [ -S "$(installed_socket)" ]; then
        "$dist/bin/carpel" rm --all --grace 0 --connect "$(installed_socket)" >&2 || true
    fi
    chroot "$host" service stop >&2 || true
    kill "$(cat "$CARPEL_CLUSTER/manager.pid")" 2>/dev/null || true
    if [ -L "$CARPEL_CLUSTER/kubelet.yaml" ]; then
        mv -f "$host/etc/kubelet.yaml" "$CARPEL_CLUSTER/kubelet.yaml"
    fi
    if [ -n "${CARPEL_TEST_KEEP_LOGS:-}" ]; then
        cat "$host/var/log/agent.log" >>"$CARPEL_TEST_KEEP_LOGS/installed.log" 2>/dev/null || true
    fi
    awk -v root="$host" '$5 == root || index($5, root "/") == 1 { print $5 }' /proc/self/mountinfo \
        | tac | while read -r target; do umount -l "$target" || true; done
    ip link delete "cpl$(agent_instance "$1")" 2>/dev/null || true
    if command -v nft >/dev/null; then
        nft delete table ip "carpel_$1" 2>/dev/null || true
    fi
    find /sys/fs/cgroup -maxdepth 3 -type d -name "carpel-$1*" -exec rmdir {} + 2>/dev/null || true
    # Should one of the mounts have stayed, it is the host's own that lies there.
    rm -rf --one-file-system "${host:?}" "$CARPEL_CLUSTER"/{image,image2,broken,newer,manager.*}
}

# All of the host but what its own programs write.
files_of_host() {
    find "$host" -xdev \( -path "$host$CARPEL_CLUSTER" -o -path "$host/var/log" -o -path "$host/tmp" -o -path "$host/faulted" \) -prune \
        -o -type d -printf '%P %m\n' -o -printf '%P %m %s %l\n' | grep -v -e '^ ' -e '^root ' | sort
}

# removed: all is as it was before the first installation.
removed() {
    files_of_host | diff "$CARPEL_CLUSTER/host.before" -
    equal "" "$(label carpel.io/installed)"
    [ ! -e "$host/run/agent.pid" ]
    [ ! -e "$host/run/carpel" ]
}

# Where the agent that is installed listens, as seen from here.
installed_socket() {
    if [ -L "$CARPEL_CLUSTER/kubelet.yaml" ]; then
        echo "$CARPEL_CLUSTER/shared/carpel.sock"
    else
        echo "$host/run/carpel/carpel.sock"
    fi
}

# crictl of the agent that is installed.
installed() {
    "$CARPEL_TEST_TOOLS/crictl" --config /dev/null --timeout 60s \
        --runtime-endpoint "unix://$(installed_socket)" --image-endpoint "unix://$(installed_socket)" "$@"
}

label() {
    kubectl get node "$cluster_node" -o json | jq -r --arg name "$1" '.metadata.labels[$name] // ""'
}

healthy() {
    field "node/$cluster_node" '.status.conditions[?(@.type=="CarpelHealthy")].status'
}

# A distribution that differs in its build alone; without a second argument it works.
variant() {
    rm -rf "${CARPEL_CLUSTER:?}/$1"
    cp -a "$dist" "$CARPEL_CLUSTER/$1"
    sha256sum <<<"$1" | cut -c1-16 >"$CARPEL_CLUSTER/$1/build"
}
