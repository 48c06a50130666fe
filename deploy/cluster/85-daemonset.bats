#!/usr/bin/env bats
# The Helm chart puts Carpel on a node: its DaemonSet is scheduled there, and the installer's pod, which
# the kubelet runs under the cluster's agent, installs a second one on a host of its own, a clean Debian 12
# below a directory. Nothing is told to the installer but by values of the chart. In the end it moves the
# kubelet there, and helm uninstall moves it back.

load support
load host
load chart
: "${top:?}" "${cluster_node:?}" "${chart:?}"

setup_file() {
    host_make
    cp "$CARPEL_CLUSTER/registries.conf" "$host/root/"
    host_has_kubelet
    chart_ready
    "$top/deploy/image" "$CARPEL_CLUSTER/image" example.test/carpel/installer:test >&2
    PYTHONDONTWRITEBYTECODE=1 python3 "$top/deploy/images/push.py" "$CARPEL_CLUSTER/image" \
        "$(cat "$CARPEL_CLUSTER/registry.address")"
    kubectl delete pods --all --grace-period 1 --wait=false
    objects >"$CARPEL_CLUSTER/host.objects"
    kubectl create namespace nodes
}

teardown_file() {
    kubectl delete namespace nodes --ignore-not-found --timeout 60s
    kubectl label node "$cluster_node" carpel.io/switch-
    host_remove dsettest
    rm -f "$CARPEL_CLUSTER/host.objects"
}

setup() {
    chart_ready
}

# install_chart [--set …]: an upgrade says all values, so that each test can be read alone.
install_chart() {
    run_chart upgrade --install carpel "$chart" --namespace nodes \
        --set image.repository=example.test/carpel/installer --set image.tag=test \
        --set apiServer.host=127.0.0.1 --set "apiServer.port=$(api_port)" \
        --set "installer.hostRoot=$host" --set 'installer.serviceCommand={/usr/local/sbin/service}' \
        --set installer.intervalSeconds=5 --set installer.startTimeoutSeconds=60 \
        --set config.instance=dsettest --set config.cni.conf-dir=/run/net.d \
        --set 'config.cni.bin-dir={/run/plugins}' \
        --set "config.listen=$CARPEL_CLUSTER/shared/carpel.sock" --set config.registries-conf=/root/registries.conf \
        --set switch.kubeletConfig=/etc/kubelet.yaml --set 'switch.kubeletCommand={/usr/local/sbin/service,kubelet}' \
        --set switch.drainTimeoutSeconds=150 --set switch.readyTimeoutSeconds=150 "$@" >/dev/null
}

installer() {
    kubectl get pods -n nodes -l app.kubernetes.io/component=installer -o json \
        | jq -r '.items[] | select(.metadata.deletionTimestamp == null) | .metadata.name'
}

rolled_out() {
    kubectl rollout status -n nodes daemonset/carpel --timeout 240s || {
        kubectl logs -n nodes "daemonset/carpel" --tail 20
        return 1
    } >&2
}

condition_says() {
    contains "$(field "node/$cluster_node" '.status.conditions[?(@.type=="CarpelHealthy")].message')" "$1"
}

# node_event REASON TEXT: there is one, told of the node.
node_event() {
    kubectl get events -o json | jq -e --arg reason "$1" --arg text "$2" '.items[]
        | select(.involvedObject.kind == "Node" and .reason == $reason and (.message | contains($text)))' >/dev/null
}

# pod_event POD TEXT
pod_event() {
    kubectl get events -n nodes --field-selector "involvedObject.name=$1" -o json \
        | jq -e --arg text "$2" '.items[] | select(.message | contains($text))' >/dev/null
}

unhealthy() {
    equal False "$(healthy)" && condition_says "$1"
}

# A network whose plugin refuses every pod: only one that is run finds that out.
break_network() {
    mkdir -p "$host"/run/{net.d,plugins}
    cat >"$host/run/plugins/refuses" <<'END'
#!/bin/sh
case $CNI_COMMAND in
    VERSION) echo '{"cniVersion": "1.0.0", "supportedVersions": ["1.0.0"]}' ;;
    ADD) echo '{"cniVersion": "1.0.0", "code": 100, "msg": "made to fail"}' && exit 1 ;;
esac
END
    chmod +x "$host/run/plugins/refuses"
    echo '{"cniVersion": "1.0.0", "name": "refused", "plugins": [{"type": "refuses"}]}' >"$host/run/net.d/10-refused.conflist"
}

mend_network() {
    rm -r "$host"/run/{net.d,plugins}
}

@test "chart: an installation that fails is undone, and told in the pod's events and the node's" {
    break_network
    install_chart
    wait_for 240 unhealthy "made to fail"
    removed
    node_event CarpelInstallFailed "made to fail"
    wait_for 60 pod_event "$(installer)" "made to fail"
    # It goes on trying, at its leisure, and the rollout of a chart waits.
    equal 0 "$(kubectl get pod -n nodes "$(installer)" -o "jsonpath={.status.containerStatuses[0].restartCount}")"
    equal 0 "$(kubectl get daemonset -n nodes carpel -o "jsonpath={.status.numberReady}")"
    shown "$(field "node/$cluster_node" '.status.conditions[?(@.type=="CarpelHealthy")].message')"
}

@test "chart: the DaemonSet installs, and tells by readiness, labels, condition and events" {
    mend_network
    install_chart --set config.log.level=debug
    rolled_out
    equal True "$(healthy)"
    equal true "$(label carpel.io/ready)"
    equal active "$(label carpel.io/runtime)"
    equal "$("$dist/bin/carpel" version --client | awk '{ print $3 }')" "$(label carpel.io/installed)"
    equal true "$(label feature.carpel.io/seccomp)"
    node_event CarpelInstalled "$(cat "$dist/build")"
    contains "$(installed info)" RuntimeReady
    grep -qx 'level = "debug"' "$host/etc/carpel/config.toml"
    equal carpel "$(field runtimeclass/carpel .handler)"
    # What runs pods is no part of the pod that brought it.
    equal "" "$(installed pods -q)"
    run grep kubepods "/proc/$(cat "$host/run/agent.pid")/cgroup"
    equal "" "$output"
    shown "$(kubectl get node "$cluster_node" -o json | jq -c '.metadata.labels | with_entries(select(.key | startswith("carpel")))')"
}

# As on a node whose kubelet uses it: a pod that has to live through what follows.
@test "chart: an upgrade with another configuration reaches the node, and its pods live on" {
    chroot "$host" /opt/carpel/bin/carpel image import --quiet /root/layout
    jq -n '{metadata: {name: "stays", namespace: "test", uid: "1", attempt: 0}, linux: {}}' >"$BATS_TEST_TMPDIR/pod"
    jq -n '{metadata: {name: "main"}, image: {image: "example.test/carpel/busybox:latest"},
        command: ["sleep", "3600"], linux: {}}' >"$BATS_TEST_TMPDIR/container"
    id=$(installed run --no-pull "$BATS_TEST_TMPDIR/container" "$BATS_TEST_TMPDIR/pod")
    echo "$id" >"$host/root/stays"
    agent=$(cat "$host/run/agent.pid")
    pod=$(installer)
    install_chart --set config.handlers.tight.no-new-privileges=true
    rolled_out
    differ "$pod" "$(installer)"
    differ "$agent" "$(cat "$host/run/agent.pid")"
    contains "$(cat "$host/etc/carpel/config.toml")" '[handlers.tight]'
    contains "$(installed info)" '"tight"'
    equal tight "$(field runtimeclass/carpel-tight .handler)"
    stays
    shown "handler and RuntimeClass 'tight' are there"
}

# The pod from before is as it was.
stays() {
    equal CONTAINER_RUNNING "$(installed inspect -o go-template --template '{{.status.state}}' "$(cat "$host/root/stays")")"
    equal inside "$(installed exec "$(cat "$host/root/stays")" echo inside)"
}

@test "chart: an upgrade that fails on the node leaves the old configuration and its pods" {
    before=$(cat "$host/etc/carpel/config.toml")
    break_network
    install_chart --set config.log.level=warn
    wait_for 240 unhealthy "made to fail"
    mend_network
    equal "$before" "$(cat "$host/etc/carpel/config.toml")"
    # The agent from before is as healthy as it was.
    equal true "$(label carpel.io/ready)"
    stays
    run_chart rollback carpel -n nodes >/dev/null
    rolled_out
    equal True "$(healthy)"
    stays
    shown "and helm rollback makes the node healthy again"
}

@test "chart: the agent needs no pod of the chart's: it lives on without" {
    agent=$(cat "$host/run/agent.pid")
    kubectl delete pod -n nodes "$(installer)" --grace-period 1 --timeout 60s
    equal "$agent" "$(cat "$host/run/agent.pid")"
    stays
    rolled_out
    equal "$agent" "$(cat "$host/run/agent.pid")"
    shown "process $agent"
}

# kubelet_uses SOCKET
kubelet_uses() {
    equal "unix://$1" "$(sed -n 's/^containerRuntimeEndpoint: //p' "$host/etc/kubelet.yaml")" \
        && has "node/$cluster_node" '.status.conditions[?(@.type=="Ready")].status' True \
        && has "node/$cluster_node" .spec.unschedulable ""
}

pods_of() {
    "$CARPEL_TEST_TOOLS/crictl" --config /dev/null --runtime-endpoint "unix://$1" \
        pods --state ready -o json | jq -r '.items[].metadata.name'
}

all_moved() {
    local new old
    new=$(pods_of "$CARPEL_CLUSTER/shared/carpel.sock")
    old=$(pods_of "$agent_dir/carpel.sock")
    contains "$new" probes- && contains "$new" every-node- && contains "$new" carpel- && ! grep -E 'probes-|every-node-' <<<"$old"
}

is_healthy() {
    equal True "$(healthy)"
}

@test "chart: a label moves the kubelet to the new runtime, its pods and the installer's too" {
    # The kubelet ends what it has not made.
    installed rmp -f "$(installed pods -q)"
    rm "$host/root/stays"
    kubectl rollout status deployment/probes --timeout 120s
    install_chart --set switch.enabled=true
    rolled_out
    kubelet_uses "$agent_dir/carpel.sock"
    kubectl label node "$cluster_node" carpel.io/switch=true
    wait_for 300 kubelet_uses "$CARPEL_CLUSTER/shared/carpel.sock"
    node_event CarpelSwitched "$CARPEL_CLUSTER/shared/carpel.sock"
    kubectl rollout status daemonset/every-node --timeout 120s
    kubectl rollout status deployment/probes --timeout 120s
    wait_for 60 all_moved
    wait_for 60 is_healthy
    equal active "$(label carpel.io/runtime)"
    run run_chart test carpel -n nodes --timeout 120s
    contains "$output" "Phase:          Succeeded"
    shown "deployment, daemon sets and helm test run under the agent that the chart installed"
}

@test "chart: helm uninstall takes it off the host, and leaves nothing" {
    run run_chart uninstall carpel -n nodes --timeout 300s
    [ "$status" -eq 0 ] || {
        echo "$output"
        kubectl logs -n nodes -l app.kubernetes.io/component=installer --tail 20
        return 1
    }
    kubelet_uses "$agent_dir/carpel.sock"
    removed
    equal "" "$(healthy)"
    # That one is the administrator's.
    equal carpel.io/switch "$(kubectl get node "$cluster_node" -o json | jq -r '.metadata.labels | keys[] | select(contains("carpel"))')"
    kubectl rollout status deployment/probes --timeout 120s
    contains "$(pods_of "$agent_dir/carpel.sock")" probes-
    wait_for 60 nothing_left "$CARPEL_CLUSTER/host.objects"
    node_event CarpelUninstalled gone
    shown "the kubelet is back; files of the host, labels, condition and objects are those from before"
}
