#!/usr/bin/env bats
# The verbs of crictl that no other file is about: what they print, and what they leave.

load support

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

@test "runtime-config tells the cgroup driver" {
    run -0 crictl runtime-config
    contains "$output" CGROUPFS
    run -0 crictl update-runtime-config --pod-cidr ''
}

@test "stats, statsp and metricsp speak of the containers and pods that run" {
    pod=$(new_pod numbers)
    container=$(new_container "$pod" numbers main)
    run -0 crictl stats -o json "$container"
    equal "$container" "$(jq -r '.stats[].attributes.id' <<<"$output")"
    [ "$(jq -r '.stats[].memory.workingSetBytes.value | tonumber' <<<"$output")" -gt 0 ]
    run -0 crictl statsp -o json "$pod"
    equal "$pod" "$(jq -r '.stats[].attributes.id' <<<"$output")"
    [ "$(jq -r '.stats[].linux.process.processCount.value | tonumber' <<<"$output")" -gt 0 ]
    run -0 crictl metricdescs
    contains "$output" container_memory_working_set_bytes
    run -0 crictl metricsp
    equal "$pod" "$(jq -r '.podMetrics[].podSandboxId' <<<"$output")"
}

@test "events tell of a container's life" {
    crictl events -o json >"$BATS_TEST_TMPDIR/events" 3>&- &
    watcher=$!
    # A stream begins at some moment after it was asked for.
    wait_for 20 event_seen
    pod=$(new_pod told)
    container=$(new_container "$pod" told main)
    crictl rm -f "$container"
    for kind in CREATED STARTED STOPPED DELETED; do
        wait_for 20 tells "$container" "CONTAINER_${kind}_EVENT"
    done
    kill "$watcher"
}

event_seen() {
    crictl rmp -f "$(new_pod "first-$RANDOM")" >/dev/null
    [ -s "$BATS_TEST_TMPDIR/events" ]
}

tells() {
    jq -r "select(.containerId == \"$1\") | .containerEventType" "$BATS_TEST_TMPDIR/events" | grep -qx "$2"
}

@test "checkpoint says in words that it does not exist" {
    pod=$(new_pod still)
    container=$(new_container "$pod" still main)
    run crictl checkpoint --export "$BATS_TEST_TMPDIR/checkpoint.tar" "$container"
    [ "$status" -ne 0 ]
    contains "$output" Unimplemented
    [ ! -e "$BATS_TEST_TMPDIR/checkpoint.tar" ]
}

@test "rmi --prune removes what no container uses" {
    crictl pull example.test/carpel/zstd:latest
    pod=$(new_pod prune)
    new_container "$pod" prune main
    crictl rmi --prune
    run -0 crictl images -o json
    equal "$busybox" "$(jq -r '.images[].repoTags[]' <<<"$output")"
}

@test "rm -f, stopp and rmp -a take everything away" {
    first=$(new_pod one)
    second=$(new_pod two)
    container=$(new_container "$first" one main)
    new_container "$second" two main
    crictl rm -f "$container"
    run crictl inspect "$container"
    [ "$status" -ne 0 ]
    crictl stopp "$first" "$second"
    equal "" "$(crictl pods -q --state ready)"
    equal "" "$(crictl ps -q)"
    crictl rmp -a
    equal "" "$(crictl pods -q)"
    equal "" "$(crictl ps -aq)"
}
