#!/usr/bin/env bats
# Limits, and numbers.

load support

@test "resources.yaml: what takes too much memory is killed, and its status says so" {
    wait_for 60 has pod/oom .status.phase Failed
    has pod/oom '.status.containerStatuses[0].state.terminated.reason' OOMKilled
    has pod/oom '.status.containerStatuses[0].state.terminated.exitCode' 137
    shown "OOMKilled, exit code 137"
}

@test "resources.yaml: a running container is given more, and less" {
    ready resize
    before=$(runs resize)
    kubectl patch pod resize --subresource resize -p \
        '{"spec":{"containers":[{"name":"main","resources":{"requests":{"cpu":"100m","memory":"48Mi"},"limits":{"cpu":"200m","memory":"96Mi"}}}]}}'
    wait_for 60 has pod/resize '.status.containerStatuses[0].resources.limits.memory' 96Mi
    wait_for 60 has pod/resize '.status.containerStatuses[0].resources.limits.cpu' 200m
    equal "20000 100663296" "$(limits_of resize)"
    kubectl patch pod resize --subresource resize -p \
        '{"spec":{"containers":[{"name":"main","resources":{"requests":{"cpu":"50m"},"limits":{"cpu":"50m","memory":"64Mi"}}}]}}'
    wait_for 60 has pod/resize '.status.containerStatuses[0].resources.limits.memory' 64Mi
    wait_for 60 has pod/resize '.status.containerStatuses[0].resources.limits.cpu' 50m
    equal "5000 67108864" "$(limits_of resize)"
    equal "$before" "$(runs resize)"
    shown "100m/64Mi to 200m/96Mi to 50m/64Mi without a restart, seen in the cgroups"
}

# limits_of POD: CPU quota and memory limit of the cgroup that its process is in.
limits_of() {
    local pid cpu memory
    pid=$(host_pid "$1")
    if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
        cpu=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
        echo "$(cut -d' ' -f1 "$cpu/cpu.max") $(cat "$cpu/memory.max")"
        return
    fi
    cpu=$(sed -n 's/^[0-9]*:\(cpu\|cpu,cpuacct\)://p' "/proc/$pid/cgroup")
    memory=$(sed -n 's/^[0-9]*:memory://p' "/proc/$pid/cgroup")
    echo "$(cat "/sys/fs/cgroup/cpu$cpu/cpu.cfs_quota_us") $(cat "/sys/fs/cgroup/memory$memory/memory.limit_in_bytes")"
}

@test "resources.yaml: each class of service has its place and its score" {
    ready guaranteed resize client
    has pod/guaranteed .status.qosClass Guaranteed
    for one in guaranteed:kubepods/pod resize:kubepods/burstable/pod client:kubepods/besteffort/pod; do
        uid=$(field "pod/${one%%:*}" .metadata.uid)
        contains "$(cat "/proc/$(host_pid "${one%%:*}")/cgroup")" "/${one#*:}$uid/"
    done
    equal 1000 "$(cat "/proc/$(host_pid client)/oom_score_adj")"
    shown "containers lie in the pods' cgroups that the kubelet made"
}

@test "numbers: the kubelet's summary and metrics have every pod, taken from the runtime" {
    wait_for 60 summary_has resize
    summary=$(kubelet_get stats/summary)
    running=$(kubectl get pods --field-selector status.phase=Running -o json | jq -r '.items[].metadata.name')
    for pod in $running; do
        summary_of "$summary" "$pod" >/dev/null || contains "$summary" "\"$pod\""
    done
    jq -e '.pods[] | select(.podRef.name == "resize").containers[0]
        | .cpu.usageCoreNanoSeconds > 0 and .memory.workingSetBytes > 0 and .rootfs.usedBytes >= 0' <<<"$summary"
    jq -e '.pods[] | select(.podRef.name == "client").network | .name == "eth0" and .rxBytes > 0' <<<"$summary"
    jq -e '.node.runtime.imageFs.usedBytes > 0' <<<"$summary"
    metrics=$(kubelet_get metrics/resource)
    contains "$metrics" 'container_memory_working_set_bytes{container="main",namespace="default",pod="resize"}'
    shown "$(jq '.pods | length' <<<"$summary") pods with CPU, memory, file system and network"
}

summary_has() {
    summary_of "$(kubelet_get stats/summary)" "$1"
}

summary_of() {
    jq -e --arg name "$2" '.pods[] | select(.podRef.name == $name).containers[0].memory.workingSetBytes > 0' <<<"$1"
}

@test "kubectl top: a pod and the node, by the metrics server, as much as is really used" {
    cluster_metrics "$CARPEL_CLUSTER" 3>&-
    kubectl create -f - <<END
apiVersion: v1
kind: Pod
metadata: {name: busy}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: main
      image: example.test/carpel/busybox:latest
      imagePullPolicy: IfNotPresent
      command: [sh, -c, "dd if=/dev/zero of=/held/zeros bs=1M count=50; while :; do :; done"]
      resources: {limits: {cpu: 200m, memory: 100Mi}}
      volumeMounts: [{name: held, mountPath: /held}]
  volumes: [{name: held, emptyDir: {medium: Memory}}]
END
    ready busy
    wait_for 120 top_is_true
    read -r _ cpu memory < <(kubectl top pod busy --no-headers)
    read -r _ node_cpu _ node_memory _ < <(kubectl top node "$cluster_node" --no-headers)
    [ "${node_cpu%m}" -ge "${cpu%m}" ]
    [ "${node_memory%Mi}" -ge "${memory%Mi}" ]
    kubectl delete pod busy
    shown "limited to 200m with 50 MiB of files in memory: $cpu and $memory; the node: $node_cpu and $node_memory"
}

# A minute's average has to be reached first.
top_is_true() {
    local cpu memory
    read -r _ cpu memory < <(kubectl top pod busy --no-headers) || return 1
    [ "${cpu%m}" -ge 180 ] && [ "${cpu%m}" -le 220 ] && [ "${memory%Mi}" -ge 48 ] && [ "${memory%Mi}" -le 60 ] || {
        echo "busy has $cpu and $memory" >&2
        return 1
    }
}
