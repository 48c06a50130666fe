#!/usr/bin/env bats
# The kubelet is moved from one runtime to another and back, by `carpel node`. The other one is a second
# agent: to the kubelet it is a stranger's socket like any other.

load support

setup_file() {
    second=$CARPEL_CLUSTER/second
    mkdir -p "$second"
    agent_start "$second" --registries-conf "$CARPEL_CLUSTER/registries.conf"
    # The endpoint of the configuration, since no systemd runs this kubelet.
    cat >"$CARPEL_CLUSTER/kubelet-service" <<END
#!/usr/bin/env bash
# Stops and starts the kubelet; what lies in the file kubelet-start is done instead, once.
set -euo pipefail
top=$top
for part in say agent cluster; do . "\$top/deploy/lib/\$part.sh"; done
case \$1 in
    stop) cluster_end $CARPEL_CLUSTER kubelet ;;
    start)
        if [ -e $CARPEL_CLUSTER/kubelet-start ]; then
            mv $CARPEL_CLUSTER/kubelet-start $CARPEL_CLUSTER/kubelet-started
            . $CARPEL_CLUSTER/kubelet-started
        elif [ -z "\$(cluster_pid $CARPEL_CLUSTER kubelet)" ]; then
            cluster_kubelet $CARPEL_CLUSTER
        fi ;;
esac
END
    chmod +x "$CARPEL_CLUSTER/kubelet-service"
    kubectl delete pods --all --grace-period 1 --timeout 60s
    kubectl rollout status deployment/probes --timeout 90s
}

teardown_file() {
    "$top/deploy/down" "$CARPEL_CLUSTER/second" >&2
}

setup() {
    second=$CARPEL_CLUSTER/second
    journal=$CARPEL_CLUSTER/journal/switch.json
    rm -f "$CARPEL_CLUSTER/kubelet-start"
}

# node VERB arguments…
node() {
    local verb=$1
    shift
    "$top/deploy/bin/carpel" node "$verb" --kubeconfig "$CARPEL_CLUSTER/admin.conf" \
        --node "$cluster_node" --kubelet-config "$CARPEL_CLUSTER/kubelet.yaml" \
        --kubelet-command "$CARPEL_CLUSTER/kubelet-service" --journal "$journal" "$@"
}

# to_second [SECONDS to drain] [SECONDS to be ready]
to_second() {
    node switch --connect "$second/carpel.sock" --drain-timeout "${1:-60}" --ready-timeout "${2:-60}"
}

# runs_under DIR: the kubelet and all pods do, and nothing is left of a switch.
runs_under() {
    equal "unix://$1/carpel.sock" "$(sed -n 's/^containerRuntimeEndpoint: //p' "$CARPEL_CLUSTER/kubelet.yaml")"
    has "node/$cluster_node" '.status.conditions[?(@.type=="Ready")].status' True
    has "node/$cluster_node" .spec.unschedulable ""
    kubectl rollout status deployment/probes --timeout 90s
    contains "$(pods_of "$1")" probes-
    contains "$(pods_of "$1")" every-node-
}

pods_of() {
    "$CARPEL_TEST_TOOLS/crictl" --config /dev/null --runtime-endpoint "unix://$1/carpel.sock" \
        pods --state ready -o json | jq -r '.items[].metadata.name'
}

@test "carpel node: verify says that it could, status says what is" {
    contains "$(node verify --connect "$second/carpel.sock")" "told by $CARPEL_CLUSTER/kubelet.yaml"
    contains "$(node status)" "switch:    none"
    run node verify --connect "$CARPEL_CLUSTER/nobody.sock"
    equal 1 "$status"
    contains "$output" nobody.sock
    shown "$(node status | sed -n 's/^runtime: *//p') is seen, and the place where the kubelet is told"
}

@test "carpel node: switches to another runtime, and back" {
    cp "$CARPEL_CLUSTER/kubelet.yaml" "$BATS_TEST_TMPDIR/before"
    to_second
    runs_under "$second"
    equal "" "$(pods_of "$agent_dir")"
    has "node/$cluster_node" '.status.conditions[?(@.type=="CarpelHealthy")].status' True
    contains "$(node status)" "switch:    DONE"
    node rollback
    cmp "$BATS_TEST_TMPDIR/before" "$CARPEL_CLUSTER/kubelet.yaml"
    runs_under "$agent_dir"
    equal "" "$(pods_of "$second")"
    contains "$(kubectl describe node "$cluster_node")" CarpelRolledBack
    shown "all pods moved both ways; the kubelet's file is the same byte for byte"
}

@test "carpel node: a disruption budget that forbids leaves everything alone" {
    kubectl create poddisruptionbudget never --selector app=probes --max-unavailable 0
    pid=$(cluster_pid "$CARPEL_CLUSTER" kubelet)
    run to_second 5
    kubectl delete poddisruptionbudget never
    equal 1 "$status"
    contains "$output" "disruption budget"
    equal "$pid" "$(cluster_pid "$CARPEL_CLUSTER" kubelet)"
    runs_under "$agent_dir"
    shown "uncordoned again, the kubelet was not touched"
}

@test "carpel node: a kubelet that does not start is rolled back" {
    echo 'echo "made to fail"; exit 3' >"$CARPEL_CLUSTER/kubelet-start"
    run to_second
    equal 1 "$status"
    contains "$output" "made to fail"
    runs_under "$agent_dir"
    shown "started again with the old runtime"
}

@test "carpel node: a node that does not become Ready is rolled back" {
    # The runtime dies just before the kubelet would use it.
    echo "kill -KILL $(agent_pid "$second"); cluster_kubelet $CARPEL_CLUSTER" >"$CARPEL_CLUSTER/kubelet-start"
    run to_second 60 12
    equal 1 "$status"
    contains "$output" "to be Ready under carpel"
    runs_under "$agent_dir"
    agent_start "$second" --registries-conf "$CARPEL_CLUSTER/registries.conf"
    shown "after the time was up, with the old runtime"
}

@test "carpel node: killed in the middle, the next one goes on" {
    # At its most helpless moment: the kubelet is stopped, and its files have been written.
    echo 'kill -KILL $PPID; exit 1' >"$CARPEL_CLUSTER/kubelet-start"
    run to_second
    equal 137 "$status"
    contains "$(node status)" "switch:    WRITTEN"
    equal "" "$(cluster_pid "$CARPEL_CLUSTER" kubelet)"
    to_second
    runs_under "$second"
    node rollback
    runs_under "$agent_dir"
    shown "from the step that was written last"
}
