#!/usr/bin/env bats
# Numbers of pods: complete, and true to what the containers really did.

load support

# Names of cAdvisor's that monitoring expects; the same list that the unit test compares with.
names=$top/agent/src/test/resources/cadvisor-metric-names

setup_file() {
    start_agent
    crictl pull "$busybox"
}

teardown_file() {
    stop_agent
}

teardown() {
    remove_pods
}

# metric POD NAME [LABEL…]: the value just now.
metric() {
    crictl metricsp >"$BATS_TEST_TMPDIR/metrics.json"
    python3 "$BATS_TEST_DIRNAME/pod_metrics.py" "$BATS_TEST_TMPDIR/metrics.json" "$@"
}

@test "every metric that this kernel can count is described and filled" {
    pod=$(new_pod numbers)
    container=$(new_container "$pod" numbers main '.linux.resources = {
        cpu_period: 100000, cpu_quota: 20000, cpu_shares: 1024,
        memory_limit_in_bytes: 67108864, memory_swap_limit_in_bytes: 67108864
    }')
    # So that there is something of everything: a file on the disk, read back from it.
    inside "$container" sh -c 'dd if=/dev/zero of=/f bs=1M count=2 oflag=direct && dd if=/f of=/dev/null bs=1M iflag=direct'
    crictl metricdescs >"$BATS_TEST_TMPDIR/descriptors.json"
    crictl metricsp >"$BATS_TEST_TMPDIR/metrics.json"
    run -0 python3 "$BATS_TEST_DIRNAME/pod_metrics.py" "$names" \
        "$BATS_TEST_TMPDIR/descriptors.json" "$BATS_TEST_TMPDIR/metrics.json" "$pod"
    equal 67108864 "$(metric "$pod" container_spec_memory_limit_bytes)"
    equal 20000 "$(metric "$pod" container_spec_cpu_quota)"
    equal 100000 "$(metric "$pod" container_spec_cpu_period)"
    equal 1024 "$(metric "$pod" container_spec_cpu_shares main)"
    equal "$(awk '/Max open files/ { print $4 }' "/proc/$(host_pid "$container")/limits")" \
        "$(metric "$pod" container_ulimits_soft max_open_files)"
    [ "$(metric "$pod" container_memory_usage_bytes "$container" "$busybox" test numbers)" -gt 100000 ]
    [ "$(metric "$pod" container_fs_writes_bytes_total)" -ge 2097152 ]
    [ "$(metric "$pod" container_fs_reads_bytes_total)" -ge 2097152 ]
    [ "$(metric "$pod" container_fs_usage_bytes)" -ge 0 ]
    now=$(date +%s)
    started=$(metric "$pod" container_start_time_seconds)
    [ "$started" -le "$now" ] && [ "$started" -gt $((now - 60)) ]
}

@test "a process killed for want of memory, open sockets and descriptors are counted" {
    pod=$(new_pod counted)
    container=$(new_container "$pod" counted main '.linux.resources = {
        memory_limit_in_bytes: 33554432, memory_swap_limit_in_bytes: 33554432
    }')
    equal 0 "$(metric "$pod" container_oom_events_total)"
    descriptors=$(metric "$pod" container_file_descriptors)
    # The buffer is larger than the limit; the exec dies of it, the container does not.
    run ! inside "$container" dd if=/dev/zero of=/dev/null bs=64M count=1
    equal 1 "$(metric "$pod" container_oom_events_total)"
    equal CONTAINER_RUNNING "$(container_state "$container")"
    crictl exec -s "$container" sh -c 'nc -l -p 7777 </dev/null >/dev/null 2>&1 & exec sleep 0.2'
    equal 1 "$(metric "$pod" container_sockets)"
    [ "$(metric "$pod" container_file_descriptors)" -gt "$descriptors" ]
}
