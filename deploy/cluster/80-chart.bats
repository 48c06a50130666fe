#!/usr/bin/env bats
# The Helm chart on a real API server: what it makes is accepted, its service accounts may do what they
# have to and no more, pods of its RuntimeClasses run, and nothing is left of it.

load support
load chart

account=system:serviceaccount:carpel:carpel

setup_file() {
    chart_ready
    # The chart's own file configures the agent: its handlers are those of the RuntimeClasses.
    run_helm template carpel "$chart" "${values[@]}" --show-only templates/configmap.yaml \
        >"$BATS_FILE_TMPDIR/map.yaml"
    kubectl create -f "$BATS_FILE_TMPDIR/map.yaml" --dry-run=client \
        -o go-template='{{index .data "config.toml"}}' >"$BATS_FILE_TMPDIR/config.toml"
    agent_stop "$agent_dir"
    # The suite's own directories and address; the rest is the chart's.
    agent_start "$agent_dir" --config "$BATS_FILE_TMPDIR/config.toml" \
        --registries-conf "$CARPEL_CLUSTER/registries.conf" --state-dir "$CARPEL_CLUSTER/disk/state" 3>&-
    wait_for 90 handler_is_known
    "$top/deploy/image" "$BATS_FILE_TMPDIR/layout" localhost/carpel:test >&2
    "$top/deploy/bin/carpel" image import --connect "$agent_dir/carpel.sock" "$BATS_FILE_TMPDIR/layout" >&2
    rm -r "$BATS_FILE_TMPDIR/layout"
    kubectl label node "$cluster_node" carpel.io/runtime=active
    kubectl create namespace carpel
    objects >"$BATS_FILE_TMPDIR/before"
    run_chart install carpel "$chart" --namespace carpel "${values[@]}" \
        --set apiServer.host=127.0.0.1 --set "apiServer.port=$(api_port)"
}

teardown_file() {
    kubectl delete namespace carpel --ignore-not-found --timeout 60s
    kubectl label node "$cluster_node" carpel.io/runtime- carpel.io/installed-
    agent_stop "$agent_dir"
    start_agent 3>&-
}

setup() {
    chart_ready
}

# The installer goes to no node, since this one is the machine that runs the tests: 85-daemonset.bats has
# a host of its own.
values=(--set image.tag=test --set image.pullPolicy=Never
    --set-string installer.nodeSelector.nowhere=true --set config.handlers.chart.no-new-privileges=true
    --set runtimeClass.byHandler.chart.overhead.memory=2Mi --set switch.enabled=true)

handler_is_known() {
    kubectl get node "$cluster_node" -o json | jq -e '[.status.runtimeHandlers[].name] | index("chart")'
}

may() {
    kubectl auth can-i "$@" --as "$account" >/dev/null
}

may_not() {
    ! may "$@" || {
        echo "may: $*"
        return 1
    }
}

@test "chart: every object is accepted by the server" {
    # Those of the hooks are made by later tests, in their order.
    run_chart template carpel "$chart" --namespace carpel --no-hooks "${values[@]}" >"$BATS_TEST_TMPDIR/all.yaml"
    count=$(cluster_kubectl "$CARPEL_CLUSTER" apply --dry-run=server --validate=strict \
        -f "$BATS_TEST_TMPDIR/all.yaml" 2>/dev/null | wc -l)
    equal "$(grep -c '^kind:' "$BATS_TEST_TMPDIR/all.yaml")" "$count"
    equal deployed "$(run_chart status carpel -n carpel -o json | jq -r .info.status)"
    shown "$count objects, by strict validation of the server"
}

@test "chart: the installer's account may do what carpel node does, and no more" {
    may get nodes
    may patch nodes
    may patch nodes --subresource status
    may create events -n default
    may list pods -A
    may create pods --subresource eviction -A
    may_not list nodes
    may_not update nodes
    may_not delete nodes
    may_not create nodes
    may_not delete pods -A
    may_not create pods -A
    may_not create pods --subresource exec -A
    may_not get secrets -A
    may_not create events -n kube-system
    may_not patch daemonsets.apps -n carpel
    may_not create clusterrolebindings
    may_not create serviceaccounts --subresource token -n carpel
    run_chart upgrade carpel "$chart" -n carpel --reuse-values --set switch.enabled=false >/dev/null
    may_not list pods -A
    may_not create pods --subresource eviction -A
    run_chart upgrade carpel "$chart" -n carpel --reuse-values --set switch.enabled=true >/dev/null
    shown "6 verbs granted, 12 refused; pods only while switch.enabled"
}

# A token of a pod names its node, as one that the kubelet gets for the installer does.
@test "chart: an installer may change its own node and no other" {
    kubectl apply -n carpel -f - <<EOF
apiVersion: v1
kind: Pod
metadata: {name: like-installer}
spec:
  serviceAccountName: carpel
  terminationGracePeriodSeconds: 0
  containers:
    - {name: main, image: example.test/carpel/busybox:latest, imagePullPolicy: IfNotPresent, command: [sleep, "1000000"]}
---
apiVersion: v1
kind: Node
metadata: {name: another}
EOF
    kubectl wait -n carpel --for condition=Ready --timeout 60s pod/like-installer
    token=$(kubectl exec -n carpel like-installer -- cat /run/secrets/kubernetes.io/serviceaccount/token)
    server=$(kubectl config view --raw -o 'jsonpath={.clusters[0].cluster.server}')
    change() {
        kubectl --server "$server" --kubeconfig /dev/null --certificate-authority "$CARPEL_CLUSTER/pki/ca.crt" \
            --token "$token" label node "$1" "carpel.io/test=$2" --overwrite
    }
    wait_for 20 change "$cluster_node" own
    has "node/$cluster_node" '.metadata.labels.carpel\.io/test' own
    run change another other
    kubectl delete node another
    kubectl label node "$cluster_node" carpel.io/test-
    kubectl delete pod -n carpel like-installer --grace-period 0 --force --timeout 60s
    [ "$status" -ne 0 ]
    contains "$output" "its pod runs"
    shown "another node is refused by the admission policy"
}

@test "chart: a pod of each RuntimeClass runs, with its handler's settings and overhead" {
    for class in carpel carpel-chart; do
        kubectl apply -f - <<EOF
apiVersion: v1
kind: Pod
metadata: {name: class-$class}
spec:
  runtimeClassName: $class
  terminationGracePeriodSeconds: 0
  containers:
    - {name: main, image: example.test/carpel/busybox:latest, imagePullPolicy: IfNotPresent, command: [sleep, "1000000"]}
EOF
    done
    ready class-carpel class-carpel-chart
    has pod/class-carpel-chart .spec.overhead.memory 2Mi
    has pod/class-carpel '.spec.nodeSelector.carpel\.io/runtime' active
    contains "$(inside class-carpel cat /proc/self/status)" "NoNewPrivs:	0"
    contains "$(inside class-carpel-chart cat /proc/self/status)" "NoNewPrivs:	1"
    kubectl delete pod class-carpel class-carpel-chart --timeout 60s
    shown "no-new-privileges by handler 'chart', overhead 2Mi admitted"
}

@test "chart: helm test runs a pod of the class, which finds out that Carpel made it" {
    run run_chart test carpel -n carpel --timeout 120s
    [ "$status" -eq 0 ] || {
        echo "$output"
        return 1
    }
    contains "$output" "Phase:          Succeeded"
    # The other class is asked for, and got.
    run_chart upgrade carpel "$chart" -n carpel --reuse-values --set test.runtimeClassName=carpel-chart >/dev/null
    run_chart test carpel -n carpel --timeout 120s >/dev/null
    shown "the pod saw its own container under carpel://"
}

@test "chart: helm uninstall waits for the nodes, and leaves nothing" {
    kubectl apply -f - <<EOF
apiVersion: v1
kind: Node
metadata: {name: down, labels: {carpel.io/installed: "0"}}
EOF
    run_chart upgrade carpel "$chart" -n carpel --reuse-values --set uninstall.timeoutSeconds=30 >/dev/null
    run run_chart uninstall carpel -n carpel --timeout 120s
    equal 1 "$status"
    equal uninstalling "$(run_chart status carpel -n carpel -o json | jq -r .info.status)"
    contains "$(kubectl logs -n carpel -l job-name=carpel-uninstall --tail 20)" "still there: down"
    # The node never comes back, and is taken out of the cluster.
    kubectl delete node down
    run_chart uninstall carpel -n carpel --timeout 90s
    wait_for 30 nothing_left "$BATS_FILE_TMPDIR/before"
    shown "a node that is down was named after its time; of $(wc -l <"$BATS_FILE_TMPDIR/before") objects all others are as they were"
}
