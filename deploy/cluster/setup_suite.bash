# shellcheck shell=bash
# Starts the cluster and applies every manifest at once: thirty pods come up together, as they do on a
# node that has just been added. Each test then looks at its own.
# CARPEL_CLUSTER names a cluster that runs already and shall live on; what an earlier run has left in it is
# used as it is. Start it as below, with DIR/disk and --state-dir.

setup_suite() {
    local file part top
    top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
    for part in say packages jdk go kube; do
        # shellcheck source=/dev/null
        . "$top/deploy/lib/$part.sh"
    done
    need_tools >&2
    export CARPEL_TEST_TOOLS=${tools_dir:?}
    need_metrics_server >&2
    export metrics_server
    if [ -z "${CARPEL_CLUSTER:-}" ]; then
        # The path of a socket ends at 108 characters, and the kubelet's lie deep.
        CARPEL_CLUSTER=$(mktemp -d /var/tmp/carpel-kube.XXXX)
        export CARPEL_CLUSTER CARPEL_CLUSTER_OWN=1
        # A file system of our own: how full it is, nobody else decides.
        mkdir "$CARPEL_CLUSTER/disk"
        mount -t tmpfs -o size=1g,mode=0700 carpel-test "$CARPEL_CLUSTER/disk"
        "$top/deploy/cluster/up" "$CARPEL_CLUSTER" --state-dir "$CARPEL_CLUSTER/disk/state" >&2 3>&-
    fi
    for file in "$top"/deploy/cluster/manifests/*.yaml; do
        case $file in
            */static.yaml) cp "$file" "$CARPEL_CLUSTER/static/" ;;
            *) sed "s|@DIR@|$CARPEL_CLUSTER|" "$file" \
                | KUBECONFIG=$CARPEL_CLUSTER/admin.conf "$CARPEL_CLUSTER/bin/kubectl" create -f - >&2 \
                || [ -z "${CARPEL_CLUSTER_OWN:-}" ] ;;
        esac
    done
}

teardown_suite() {
    local top
    top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
    if [ -n "${CARPEL_CLUSTER_OWN:-}" ]; then
        if [ -n "${CARPEL_TEST_KEEP_LOGS:-}" ]; then
            cp "$CARPEL_CLUSTER"/*.log "$CARPEL_CLUSTER/agent/agent.log" "$CARPEL_TEST_KEEP_LOGS/"
            cp "$CARPEL_CLUSTER/shown" "$CARPEL_TEST_KEEP_LOGS/" 2>/dev/null || true
        fi
        "$top/deploy/cluster/down" "$CARPEL_CLUSTER" >&2
        umount "$CARPEL_CLUSTER/disk"
        rm -rf "$CARPEL_CLUSTER"
    fi
}
