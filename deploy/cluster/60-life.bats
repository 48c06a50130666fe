#!/usr/bin/env bats
# How containers end, and how they come back.

load support

@test "lifecycle.yaml: postStart, preStop, the signal, in this order and within the grace" {
    ready graceful
    kubectl delete pod graceful --timeout 40s
    equal "started stopping term" "$(xargs <"$CARPEL_CLUSTER/told/order")"
    shown "started, stopping, term"
}

@test "lifecycle.yaml: a failing container is started again, later each time" {
    wait_for 60 backs_off
    [ "$(restarts backoff)" -ge 2 ]
    contains "$(kubectl logs backoff)" "this run fails"
    has pod/backoff '.status.containerStatuses[0].lastState.terminated.exitCode' 7
    shown "back-off after $(restarts backoff) restarts"
}

# The kubelet writes the state CrashLoopBackOff only when something else makes it look at the pod again.
backs_off() {
    [ "$(restarts backoff)" -ge 2 ] \
        && kubectl get events --field-selector involvedObject.name=backoff,reason=BackOff | grep -q 'Back-off restarting'
}

@test "lifecycle.yaml: termination messages from the file and from the log" {
    wait_for 60 has pod/message .status.phase Failed
    has pod/message '.status.containerStatuses[?(@.name=="file")].state.terminated.message' "told by the file"
    has pod/message '.status.containerStatuses[?(@.name=="log")].state.terminated.message' "told by the log"
    has pod/message '.status.containerStatuses[?(@.name=="file")].state.terminated.reason' Completed
    shown "both, with exit codes 0 and 3"
}

@test "agent: killed and started again, no container notices" {
    before=$(runs)
    restarted=$(field pod/client .status.containerStatuses[0].restartCount)
    kill -KILL "$(agent_pid "$agent_dir")"
    wait_for 10 agent_gone
    sleep_until_probes
    start_agent
    wait_for 60 has "node/$cluster_node" '.status.conditions[?(@.type=="Ready")].status' True
    wait_for 60 exec_works
    equal "$(stable_runs "$before")" "$(stable_runs "$(runs)")"
    kubectl run after --image example.test/carpel/busybox:latest --image-pull-policy IfNotPresent --restart Never -- true
    wait_for 60 has pod/after .status.phase Succeeded
    kubectl delete pod after
    has pod/client .status.containerStatuses[0].restartCount "$restarted"
    shown "$(jq length <<<"$before") containers ran on under their ids"
}

agent_gone() {
    [ -z "$(agent_pid "$agent_dir")" ]
}

# Long enough for probes to be asked of an agent that is not there.
sleep_until_probes() {
    wait_for 30 kubelet_noticed
}

kubelet_noticed() {
    tail -n 200 "$CARPEL_CLUSTER/kubelet.log" | grep -q 'carpel.sock'
}

exec_works() {
    inside client true
}

# Running containers without those that restart by themselves.
stable_runs() {
    jq -c '[.[] | select(.at)] | sort_by(.containerID)' <<<"$1"
}

@test "kubelet: killed and started again, no container is restarted" {
    before=$(runs)
    cluster_end "$CARPEL_CLUSTER" kubelet KILL
    cluster_kubelet "$CARPEL_CLUSTER"
    wait_for 60 exec_works
    wait_for 60 has "node/$cluster_node" '.status.conditions[?(@.type=="Ready")].status' True
    kubectl run after --image example.test/carpel/busybox:latest --image-pull-policy IfNotPresent --restart Never -- true
    wait_for 60 has pod/after .status.phase Succeeded
    kubectl delete pod after
    equal "$(stable_runs "$before")" "$(stable_runs "$(runs)")"
    shown "$(jq length <<<"$before") containers kept"
}

# The kubelet's configuration is put back whatever a test has come to.
teardown() {
    if [ -e "$CARPEL_CLUSTER/kubelet.kept" ]; then
        cluster_end "$CARPEL_CLUSTER" kubelet
        mv "$CARPEL_CLUSTER/kubelet.kept" "$CARPEL_CLUSTER/kubelet.yaml"
        cluster_kubelet "$CARPEL_CLUSTER" 3>&-
        rm -f "$CARPEL_CLUSTER/disk/full"
        wait_for 60 exec_works
    fi
}

@test "images: the kubelet collects what nobody uses when the disk fills, and nothing else" {
    carpel_crictl pull example.test/carpel/ballast:1
    carpel_crictl pull gcr.io/k8s-staging-cri-tools/test-image-1:latest
    before=$(runs)
    free=$(disk_free)
    cluster_end "$CARPEL_CLUSTER" kubelet
    cp "$CARPEL_CLUSTER/kubelet.yaml" "$CARPEL_CLUSTER/kubelet.kept"
    # Less than is free now: a kubelet that starts under pressure turns away the pods that it has. And less
    # than will be free once the ballast is gone from a disk that has filled by half of that.
    # Not at once: an image has to be known for a second before it counts as one that nobody uses.
    cat >>"$CARPEL_CLUSTER/kubelet.yaml" <<END
evictionSoft: {imagefs.available: "$((free - 10000000))"}
evictionSoftGracePeriod: {imagefs.available: 12s}
END
    cluster_kubelet "$CARPEL_CLUSTER"
    wait_for 60 has "node/$cluster_node" '.status.conditions[?(@.type=="Ready")].status' True
    wait_for 60 exec_works
    head -c 20000000 /dev/zero >"$CARPEL_CLUSTER/disk/full"
    wait_for 90 collected carpel/ballast
    wait_for 20 collected test-image-1
    images=$(carpel_crictl images)
    contains "$images" carpel/busybox
    contains "$images" e2e-test-images/nginx
    contains "$images" e2e-test-images/httpd
    [ "$(disk_free)" -gt $((free - 10000000)) ]
    equal "$(stable_runs "$before")" "$(stable_runs "$(runs)")"
    shown "unused images went; used ones, a volume's among them, stayed; no pod was evicted"
}

disk_free() {
    df --output=avail -B1 "$CARPEL_CLUSTER/disk" | tail -n 1
}

collected() {
    ! carpel_crictl images | grep -q "$1"
}

@test "node: everything dies at once, as at a power cut, and comes back" {
    before=$(field pod/client '.status.containerStatuses[0].containerID')
    cluster_end "$CARPEL_CLUSTER" kubelet KILL
    reboot_agent "$agent_dir"
    cluster_kubelet "$CARPEL_CLUSTER"
    wait_for 90 new_run client "$before"
    ready client volumes userns hostport
    equal "$(field configmap/volumes .data.plain)" "$(inside volumes cat /map/plain)"
    contains "$(curl -fsS --max-time 10 http://127.0.0.1:31880/)" "served by nginx"
    shown "pods kept their names and volumes and have new containers"
}

new_run() {
    local now
    now=$(field "pod/$1" '.status.containerStatuses[0].containerID')
    [ -n "$now" ] && [ "$now" != "$2" ] && has "pod/$1" '.status.conditions[?(@.type=="Ready")].status' True
}

# reboot_agent DIR: ends the agent and all shims with everything in them and takes away what lies on
# tmpfs, the pins of the namespaces among it; images and writable layers stay.
reboot_agent() {
    local dir=$1 pid target
    kill -KILL "$(agent_pid "$dir")"
    for pid in $(carpel_pids "$dir"); do
        kill -KILL "$pid" 2>/dev/null || true
    done
    wait_for 30 no_carpel_pids "$dir"
    while read -r target; do
        umount "$target"
    done < <(awk -v run="$dir/run/" -v net="/run/netns/$(agent_instance "$dir")" \
        'index($5, run) == 1 || index($5, net) == 1 { print $5 }' /proc/self/mountinfo | tac)
    find /run/netns -name "$(agent_instance "$dir")*" -delete
    rm -rf "$dir/run"
    start_agent
}

# Processes in the cgroups of the cluster, and the shims of its agent.
carpel_pids() {
    cat "/sys/fs/cgroup/pids/$(cluster_cgroup "$CARPEL_CLUSTER")"/kubepods/*/*/*/cgroup.procs \
        "/sys/fs/cgroup/pids/$(cluster_cgroup "$CARPEL_CLUSTER")"/kubepods/*/*/cgroup.procs 2>/dev/null || true
    # The pattern comes from a file, or this grep would find itself.
    grep -lzF -f <(echo "$1/run") /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3 || true
}

no_carpel_pids() {
    [ -z "$(carpel_pids "$1")" ]
}

# Pods of daemon sets, and static ones, which belong to their node.
stays='(.metadata.ownerReferences[0].kind | IN("DaemonSet", "Node"))'

@test "drain: every pod is evicted, stopped and gone" {
    kubectl drain "$cluster_node" --ignore-daemonsets --delete-emptydir-data --force --timeout 120s
    equal "" "$(kubectl get pods -o json | jq -r ".items[] | select(($stays | not) and .spec.nodeName).metadata.name")"
    wait_for 60 only_daemons
    kubectl uncordon "$cluster_node"
    kubectl rollout status deployment/probes --timeout 90s
    shown "nothing but the daemon set was left in the runtime"
}

only_daemons() {
    [ "$(carpel_crictl pods -q --state ready | wc -l)" = "$(kubectl get pods -o json | jq "[.items[] | select($stays)] | length")" ]
}
