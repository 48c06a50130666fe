# shellcheck shell=bash
# For every test of the cluster: kubectl on the cluster that setup_suite has started.

bats_require_minimum_version 1.5.0

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
for part in say packages jdk build agent cluster expect; do
    # shellcheck source=/dev/null
    . "$top/deploy/lib/$part.sh"
done

# Each attempt asks the API server.
# shellcheck disable=SC2034  # read by wait_for
wait_pause=0.3
: "${CARPEL_CLUSTER:=}" "${cluster_node:?}"
# shellcheck disable=SC2034  # read by the test files
agent_dir=$CARPEL_CLUSTER/agent

kubectl() {
    cluster_kubectl "$CARPEL_CLUSTER" -n default "$@"
}

# As setup_suite started it.
start_agent() {
    agent_start "$agent_dir" --registries-conf "$CARPEL_CLUSTER/registries.conf" \
        --state-dir "$CARPEL_CLUSTER/disk/state"
}

# shown TEXT: what a test saw, for the table at the end.
shown() {
    printf '%s\t%s\t%s\n' "$(basename "$BATS_TEST_FILENAME")" "$BATS_TEST_DESCRIPTION" "$*" \
        >>"$CARPEL_CLUSTER/shown"
}

# inside POD[/CONTAINER] command…
inside() {
    local pod=${1%%/*} container=${1#*/}
    [ "$container" != "$1" ] || container=main
    shift
    kubectl exec "$pod" -c "$container" -- "$@"
}

# field KIND/NAME JSONPATH
field() {
    kubectl get "$1" -o "jsonpath={$2}"
}

# has KIND/NAME JSONPATH VALUE
has() {
    [ "$(field "$1" "$2")" = "$3" ] || {
        echo "$1 $2 is '$(field "$1" "$2")', not '$3'" >&2
        return 1
    }
}

# ready POD…
ready() {
    kubectl wait --for condition=Ready --timeout 90s "${@/#/pod/}" >/dev/null || {
        kubectl describe "${@/#/pod/}" >&2
        return 1
    }
}

# restarts POD: of all its containers together.
restarts() {
    kubectl get pod "$1" -o json | jq '[.status.containerStatuses[].restartCount] | add'
}

# runs POD: container ids and start times, which change with every restart.
runs() {
    kubectl get pod "$@" -o json \
        | jq -c '[(.items // [.])[] | .status.containerStatuses[]? | {containerID, at: .state.running.startedAt}]'
}

# host_pid POD [CONTAINER]
host_pid() {
    carpel_crictl inspect -o go-template --template '{{.info.pid}}' \
        "$(kubectl get pod "$1" -o json | jq -r --arg name "${2:-main}" \
            '.status.containerStatuses[] | select(.name == $name).containerID | sub("^carpel://"; "")')"
}

carpel_crictl() {
    "$CARPEL_TEST_TOOLS/crictl" --config /dev/null --timeout 60s \
        --runtime-endpoint "unix://$agent_dir/carpel.sock" \
        --image-endpoint "unix://$agent_dir/carpel.sock" "$@"
}

# kubelet_get PATH: asked directly, since the API server hands nothing on to a loopback address.
kubelet_get() {
    local pki=$CARPEL_CLUSTER/pki
    curl -fsS --max-time 30 --cacert "$pki/ca.crt" --cert "$pki/admin.crt" --key "$pki/admin.key" \
        "https://127.0.0.1:$(sed -n 's/^port: //p' "$CARPEL_CLUSTER/kubelet.yaml")/$1"
}
