#!/usr/bin/env bats
# Numbers of pods: complete, and true to what the containers really did.

load support
load one_agent

# Names of cAdvisor's that monitoring expects; the same list that the unit test compares with.
names=$top/agent/src/test/resources/cadvisor-metric-names

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

# of_container ID PATH: a number of ContainerStats; of_pod: of PodSandboxStats.
of_container() {
    crictl stats -o json --id "$1" | jq -r ".stats[0]$2"
}

of_pod() {
    crictl statsp -o json --id "$1" | jq -r ".stats[0].linux$2"
}

# near TRUTH VALUE: within 5 percent.
near() {
    [ "$1" -gt 0 ] && [ $(($2 * 100)) -ge $(($1 * 95)) ] && [ $(($2 * 100)) -le $(($1 * 105)) ] || {
        printf 'truth: %s\ntold:  %s\n' "$1" "$2" >&2
        return 1
    }
}

# Processor time of a process in nanoseconds, as the scheduler counted it.
burnt() {
    cut -d ' ' -f 1 "/proc/$1/schedstat"
}

has_burnt() {
    [ "$(burnt "$1")" -gt "$2" ]
}

@test "processor time is what the process has used" {
    pod=$(new_pod burn)
    container=$(new_container "$pod" burn main '.command = ["sh", "-c", "while :; do :; done"]')
    pid=$(host_pid "$container")
    wait_for 60 has_burnt "$pid" 3000000000
    # At rest, all can be compared at leisure.
    kill -STOP "$pid"
    truth=$(burnt "$pid")
    near "$truth" "$(of_container "$container" .cpu.usageCoreNanoSeconds.value)"
    near "$truth" "$(of_pod "$pod" .cpu.usageCoreNanoSeconds.value)"
    seconds=$(metric "$pod" container_cpu_usage_seconds_total total)
    [ "$seconds" -ge $((truth / 1000000000)) ] && [ "$seconds" -le $((truth / 1000000000 + 1)) ]
    # A shell's loop stays in user mode.
    [ "$(metric "$pod" container_cpu_user_seconds_total)" -gt "$(metric "$pod" container_cpu_system_seconds_total)" ]
    kill -CONT "$pid"
}

@test "memory is what the processes hold" {
    pod=$(new_pod hold)
    # dd fills its buffer and waits for ever to get rid of it.
    container=$(new_container "$pod" hold main \
        '.command = ["sh", "-c", "dd if=/dev/zero bs=104857600 count=1 | sleep 1000"]')
    holds_buffer() {
        [ "$(of_container "$container" .memory.rssBytes.value)" -gt 100000000 ]
    }
    wait_for 20 holds_buffer
    near 104857600 "$(of_container "$container" .memory.rssBytes.value)"
    near 104857600 "$(of_container "$container" .memory.workingSetBytes.value)"
    near 104857600 "$(of_pod "$pod" .memory.workingSetBytes.value)"
    near 104857600 "$(metric "$pod" container_memory_rss)"
    near 104857600 "$(metric "$pod" container_memory_working_set_bytes)"
    near 104857600 "$(metric "$pod" container_memory_max_usage_bytes)"
    equal 3 "$(metric "$pod" container_processes)"
}

@test "what was written to the disk is counted, and what is kept there measured" {
    pod=$(new_pod write)
    container=$(new_container "$pod" write main)
    before=$(metric "$pod" container_fs_writes_bytes_total 2>/dev/null || echo 0)
    # Written twice and kept once.
    inside "$container" sh -c 'for n in 1 2; do dd if=/dev/zero of=/kept bs=1M count=32 oflag=direct; done'
    near 67108864 $(($(metric "$pod" container_fs_writes_bytes_total) - before))
    near 67108864 $(($(metric "$pod" container_blkio_device_usage_total Write) - before))
    is_measured() {
        [ "$(of_container "$container" .writableLayer.usedBytes.value)" -gt 30000000 ]
    }
    wait_for 30 is_measured
    near 33554432 "$(of_container "$container" .writableLayer.usedBytes.value)"
    near 33554432 "$(of_pod "$pod" '.containers[0].writableLayer.usedBytes.value')"
    near 33554432 "$(metric "$pod" container_fs_usage_bytes)"
    run -0 crictl imagefsinfo
    equal "$(jq -r '.status.imageFilesystems[0].fsId.mountpoint' <<<"$output")" \
        "$(jq -r '.status.containerFilesystems[0].fsId.mountpoint' <<<"$output")"
    near 33554432 "$(jq -r '.status.containerFilesystems[0].usedBytes.value' <<<"$output")"
}

# seen_from_host CONTAINER COUNTER: of the host's end of the pod's cable.
seen_from_host() {
    local link
    link=$(inside "$1" cat /sys/class/net/eth0/iflink)
    cat "$(dirname "$(grep -lx "$link" /sys/class/net/*/ifindex)")/statistics/$2"
}

# send MEBIBYTES ADDRESS: to port 9000; receive: from port 9001.
send() {
    python3 - "$@" <<'PYTHON'
import socket, sys, time

deadline = time.monotonic() + 20
while True:
    try:
        peer = socket.create_connection((sys.argv[2], 9000), timeout=60)
        break
    except ConnectionRefusedError:
        if time.monotonic() > deadline:
            raise
        time.sleep(0.05)
with peer:
    peer.sendall(bytes(int(sys.argv[1]) << 20))
    peer.shutdown(socket.SHUT_WR)
    peer.recv(1)
PYTHON
}

receive() {
    python3 - "$@" <<'PYTHON'
import socket, sys, time

deadline = time.monotonic() + 20
while True:
    try:
        peer = socket.create_connection((sys.argv[2], 9001), timeout=60)
        break
    except ConnectionRefusedError:
        if time.monotonic() > deadline:
            raise
        time.sleep(0.05)
got = 0
with peer:
    while part := peer.recv(1 << 20):
        got += len(part)
assert got == int(sys.argv[1]) << 20, got
PYTHON
}

@test "traffic is what went through the pod's interface" {
    pod=$(new_pod traffic)
    container=$(new_container "$pod" traffic main \
        '.command = ["sh", "-c", "nc -l -p 9000 >/dev/null; dd if=/dev/zero bs=1M count=24 | nc -l -p 9001; exec sleep 1000"]')
    address=$(crictl inspectp -o go-template --template '{{.status.network.ip}}' "$pod")
    send 48 "$address"
    near 50331648 "$(of_pod "$pod" .network.defaultInterface.rxBytes.value)"
    near 50331648 "$(metric "$pod" container_network_receive_bytes_total eth0 POD)"
    receive 24 "$address"
    # nc sends a kilobyte at a time, so that headers weigh: the other end of the cable tells how much.
    told=$(of_pod "$pod" .network.defaultInterface.txBytes.value)
    near "$(seen_from_host "$container" rx_bytes)" "$told"
    near "$(seen_from_host "$container" rx_bytes)" "$(metric "$pod" container_network_transmit_bytes_total eth0 POD)"
    [ "$told" -gt 25165824 ]
    equal eth0 "$(of_pod "$pod" .network.defaultInterface.name)"
}
