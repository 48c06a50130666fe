#!/usr/bin/env bats
# Carpel is installed on a host, by `carpel node install`, and taken away again. The host is a clean
# Debian 12 below a directory, with a service manager of two verbs; the node that is labelled is the
# cluster's. What no such host has is systemd: how that is asked, BusUnitsTest and deploy/vm-test show.

load support
load host

setup_file() {
    host_make
    cat >"$CARPEL_CLUSTER/first.toml" <<'END'
instance = "insttest"
END
}

teardown_file() {
    host_remove insttest
}

setup() {
    rm -f "$host/fault" "$host/faulted"
}

# node VERB arguments…: with the distribution's own command.
node() {
    local verb=$1
    shift
    "$dist/bin/carpel" node "$verb" --kubeconfig "$CARPEL_CLUSTER/admin.conf" --node "$cluster_node" \
        --host-root "$host" --service-command /usr/local/sbin/service "$@"
}

install_first() {
    node install --config "$CARPEL_CLUSTER/first.toml" "$@"
}

phase() {
    jq -r .phase "$host/var/lib/carpel/node/install.json" 2>/dev/null || echo none
}

@test "installer image: the same bytes twice, imported, and run in a pod" {
    local first
    first=$("$top/deploy/image" "$CARPEL_CLUSTER/image" | tail -n 1)
    equal "$first" "$("$top/deploy/image" "$CARPEL_CLUSTER/image2" | tail -n 1)"
    diff -r "$CARPEL_CLUSTER/image" "$CARPEL_CLUSTER/image2"
    "$top/deploy/bin/carpel" image import --quiet --connect "$agent_dir/carpel.sock" "$CARPEL_CLUSTER/image"
    reference=$(jq -r '.manifests[0].annotations["org.opencontainers.image.ref.name"]' "$CARPEL_CLUSTER/image/index.json")
    kubectl run version --image "$reference" --image-pull-policy Never --restart Never -- version --client
    wait_for 60 has pod/version .status.phase Succeeded
    contains "$(kubectl logs version)" "client  carpel"
    kubectl delete pod version --grace-period 1
    shown "$first; a pod says: $("$dist/bin/carpel" version --client)"
}

@test "carpel node install: a host without systemd is refused, and nothing is touched" {
    run "$dist/bin/carpel" node install --kubeconfig "$CARPEL_CLUSTER/admin.conf" --node "$cluster_node" --host-root "$host"
    equal 1 "$status"
    contains "$output" "this host has no systemd that listens at $host/run/dbus/system_bus_socket"
    removed
    shown "$output"
}

@test "carpel node install: labels, condition and events are on the node" {
    install_first
    equal True "$(healthy)"
    equal true "$(label carpel.io/ready)"
    equal active "$(label carpel.io/runtime)"
    equal "$("$dist/bin/carpel" version --client | awk '{ print $3 }')" "$(label carpel.io/installed)"
    equal true "$(label feature.carpel.io/seccomp)"
    [[ $(label feature.carpel.io/cgroup) =~ ^(v1|hybrid|v2)$ ]]
    contains "$(kubectl describe node "$cluster_node")" CarpelInstalled
    equal "carpel.d/$(cat "$dist/build")" "$(readlink "$host/opt/carpel")"
    cmp "$CARPEL_CLUSTER/first.toml" "$host/etc/carpel/config.toml"
    contains "$(installed info)" RuntimeReady
    # Nothing of the pod that tried it is left.
    equal "" "$(installed pods -q)$(installed images -q)"
    contains "$(install_first)" already
    shown "$(kubectl get node "$cluster_node" -o json | jq -c '.metadata.labels | with_entries(select(.key | contains("carpel")))')"
}

@test "carpel node install: a configuration that was changed on the host is kept beside" {
    echo '# by hand' >>"$host/etc/carpel/config.toml"
    contains "$(install_first)" already
    grep -q 'by hand' "$host/etc/carpel/config.toml"
    { cat "$CARPEL_CLUSTER/first.toml"; echo '# newer'; } >"$CARPEL_CLUSTER/second.toml"
    run node install --config "$CARPEL_CLUSTER/second.toml"
    equal 0 "$status"
    contains "$output" "kept as /etc/carpel/config.toml.before"
    grep -q 'by hand' "$host/etc/carpel/config.toml.before"
    cmp "$CARPEL_CLUSTER/second.toml" "$host/etc/carpel/config.toml"
    echo 'no-such-key = 1' >"$CARPEL_CLUSTER/wrong.toml"
    run node install --config "$CARPEL_CLUSTER/wrong.toml"
    equal 1 "$status"
    contains "$output" no-such-key
    cmp "$CARPEL_CLUSTER/second.toml" "$host/etc/carpel/config.toml"
    shown "and a wrong key is found before anything is touched"
}

@test "carpel node install: a pod lives through an upgrade" {
    chroot "$host" /opt/carpel/bin/carpel image import --quiet /root/layout
    jq -n '{metadata: {name: "stays", namespace: "test", uid: "1", attempt: 0}, linux: {}}' >"$BATS_TEST_TMPDIR/pod"
    jq -n '{metadata: {name: "main"}, image: {image: "example.test/carpel/busybox:latest"},
        command: ["sleep", "3600"], linux: {}}' >"$BATS_TEST_TMPDIR/container"
    id=$(installed run --no-pull "$BATS_TEST_TMPDIR/container" "$BATS_TEST_TMPDIR/pod")
    pid=$(installed inspect -o go-template --template '{{.info.pid}}' "$id")
    # The agent is in a chroot here, and nothing of the machine around it is seen by what is executed.
    equal "$(stat -Lc %d:%i "/proc/$pid/root")" "$(installed exec "$id" stat -c %d:%i /)"
    agent=$(cat "$host/run/agent.pid")
    variant newer
    node install --from "$CARPEL_CLUSTER/newer"
    differ "$agent" "$(cat "$host/run/agent.pid")"
    equal "$pid" "$(installed inspect -o go-template --template '{{.info.pid}}' "$id")"
    equal CONTAINER_RUNNING "$(installed inspect -o go-template --template '{{.status.state}}' "$id")"
    equal "carpel.d/$(cat "$CARPEL_CLUSTER/newer/build")" "$(readlink "$host/opt/carpel")"
    equal 1 "$(find "$host/opt/carpel.d" -mindepth 1 -maxdepth 1 | wc -l)"
    shown "process $pid, under agent $agent and $(cat "$host/run/agent.pid")"
}

@test "carpel node uninstall: refused while pods are there, and with --force nothing is left" {
    run node uninstall
    equal 1 "$status"
    contains "$output" "has 1 pods"
    node uninstall --force
    removed
    equal "" "$(healthy)"
    contains "$(node uninstall)" "no carpel"
    contains "$(kubectl describe node "$cluster_node")" CarpelUninstalled
    shown "the host's files are those from before, the node has no label and no condition of ours"
}

# killed_at PHASE: installs, and kills that when it is in the step after the phase.
killed_at() {
    local pid deadline=$((SECONDS + 60))
    install_first >"$BATS_TEST_TMPDIR/killed" 2>&1 3>&- &
    pid=$!
    until [ "$(phase)" = "$1" ]; do
        [ $SECONDS -lt $deadline ] && kill -0 $pid 2>/dev/null || {
            cat "$BATS_TEST_TMPDIR/killed" >&2
            return 1
        }
    done
    # The launcher has become the JVM.
    pkill -KILL -P $pid 2>/dev/null || true
    kill -KILL $pid 2>/dev/null || true
    wait $pid || true
}

@test "carpel node install: killed in each step, the next one goes on" {
    local at seen=""
    for at in PLANNED WRITTEN STARTED; do
        killed_at "$at"
        seen="$seen $(phase)"
        differ DONE "$(phase)"
        install_first
        equal DONE "$(phase)"
        equal True "$(healthy)"
        equal "" "$(installed pods -q)$(installed images -q)"
        node uninstall
        removed
    done
    # In the middle of its service's start, by the service.
    # shellcheck disable=SC2016
    echo 'kill -KILL $PPID' >"$host/fault"
    run install_first
    equal 137 "$status"
    equal WRITTEN "$(phase)"
    install_first
    node uninstall
    removed
    shown "killed after$seen, each finished by the next call"
}

@test "carpel node install: failing in each step, everything is put back" {
    mount -t tmpfs -o size=1m tmpfs "$host/opt"
    run install_first
    umount "$host/opt"
    equal 1 "$status"
    contains "$output" "cannot unpack the distribution"
    removed
    touch "$host/etc/carpel"
    run install_first
    rm "$host/etc/carpel"
    equal 1 "$status"
    contains "$output" /etc/carpel
    removed
    echo 'echo "made to fail"; exit 3' >"$host/fault"
    run install_first
    equal 1 "$status"
    contains "$output" "made to fail"
    removed
    echo 'exit 0' >"$host/fault"
    run install_first --start-timeout 2
    equal 1 "$status"
    contains "$output" "waited 2 s in vain for the agent to answer"
    removed
    variant broken
    echo '{}' >"$CARPEL_CLUSTER/broken/share/verify/index.json"
    run install_first --from "$CARPEL_CLUSTER/broken"
    equal 1 "$status"
    removed
    contains "$(kubectl describe node "$cluster_node")" CarpelInstallFailed
    shown "unpack, write, start, answer, pod: $(tail -n 1 <<<"$output")"
}

@test "carpel node install: an upgrade that fails leaves the old release running" {
    install_first
    run node install --from "$CARPEL_CLUSTER/broken"
    equal 1 "$status"
    equal "carpel.d/$(cat "$dist/build")" "$(readlink "$host/opt/carpel")"
    contains "$(installed info)" RuntimeReady
    contains "$(install_first)" already
    shown "with its pods and its configuration"
}

@test "carpel node install --watch: from the image, in a pod, it follows the agent's health" {
    reference=$(jq -r '.manifests[0].annotations["org.opencontainers.image.ref.name"]' "$CARPEL_CLUSTER/image/index.json")
    kubectl create -f - <<END
apiVersion: v1
kind: Pod
metadata: {name: installer}
spec:
  hostNetwork: true
  hostPID: true
  terminationGracePeriodSeconds: 1
  containers:
    - name: main
      image: $reference
      imagePullPolicy: Never
      args: [node, install, --node, $cluster_node, --host-root, /host, --kubeconfig, /host/root/admin.conf,
             --service-command, /usr/local/sbin/service, --watch, --interval, "1", --ready-file, /run/ready]
      readinessProbe: {exec: {command: [test, -e, /run/ready]}, periodSeconds: 1}
      securityContext: {privileged: true}
      volumeMounts: [{name: host, mountPath: /host, mountPropagation: HostToContainer}]
  volumes: [{name: host, hostPath: {path: $host}}]
END
    ready installer
    equal True "$(healthy)"
    chroot "$host" service stop
    wait_for 30 has pod/installer '.status.conditions[?(@.type=="Ready")].status' False
    equal False "$(healthy)"
    equal "" "$(label carpel.io/ready)"
    chroot "$host" service restart
    wait_for 60 has pod/installer '.status.conditions[?(@.type=="Ready")].status' True
    equal True "$(healthy)"
    contains "$(kubectl describe node "$cluster_node")" CarpelUnhealthy
    kubectl delete pod installer
    node uninstall
    removed
    shown "condition, label and the pod's readiness, both ways"
}
