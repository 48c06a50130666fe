#!/usr/bin/env bats
# The agent is killed while containers run: they go on, and it finds them again.

load support

setup() {
    start_agent
    crictl pull "$busybox"
}

teardown() {
    if [ -z "$(agent_pid "$agent_dir")" ]; then
        restart_agent
    fi
    remove_pods
    stop_agent
}

kill_agent() {
    local pid
    pid=$(agent_pid "$agent_dir")
    kill -KILL "$pid"
    wait_for 10 gone "$pid"
}

gone() {
    [ ! -e "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"
}

restart_agent() {
    start_agent
}

@test "containers run on, under the same names, and answer again" {
    pod=$(new_pod survivor '.labels = {"a.b/c": "d"} | .annotations = {"ü/x": "1\n2", "empty": ""}')
    container=$(new_container "$pod" survivor one '.labels = {"l": "é"} | .annotations = {"k": "v w"}')
    pid=$(host_pid "$container")
    before=$(crictl inspectp "$pod" | jq -S '.status | del(.timestamp)')
    before_container=$(crictl inspect "$container" | jq -S .status)
    kill_agent
    [ -e "/proc/$pid" ]
    restart_agent
    equal "$pid" "$(host_pid "$container")"
    equal "$before" "$(crictl inspectp "$pod" | jq -S '.status | del(.timestamp)')"
    equal "$before_container" "$(crictl inspect "$container" | jq -S .status)"
    equal still "$(inside "$container" echo still)"
    # Its name is still taken.
    run crictl runp "$BATS_TEST_TMPDIR/pod-survivor.json"
    [ "$status" -ne 0 ]
    contains "$output" "$pod"
}

@test "the log has no gap" {
    pod=$(new_pod talker)
    container=$(new_container "$pod" talker one \
        '.command = ["sh", "-c", "i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo $i; sleep 0.01; done"]')
    log=$(crictl inspect "$container" | jq -r .status.logPath)
    wait_for 10 grep -q 'F 20$' "$log"
    kill_agent
    wait_for 30 grep -q 'F 200$' "$log"
    restart_agent
    wait_for 30 has_state "$container" CONTAINER_EXITED
    equal "$(seq 1 400)" "$(sed 's/.* F //' "$log")"
}

@test "an exit during the gap carries its code and its time" {
    pod=$(new_pod leaver)
    file=$BATS_TEST_TMPDIR/go
    mkdir "$file"
    container=$(new_container "$pod" leaver one ".command = [\"sh\", \"-c\", \"while [ ! -e /go/now ]; do sleep 0.05; done; exit 42\"]
        | .mounts = [{host_path: \"$file\", container_path: \"/go\"}]")
    pid=$(host_pid "$container")
    kill_agent
    left=$(date +%s)
    touch "$file/now"
    wait_for 10 gone "$pid"
    came=$(date +%s)
    restart_agent
    equal CONTAINER_EXITED "$(container_state "$container")"
    equal 42 "$(exit_code "$container")"
    finished=$(date +%s -d "$(crictl inspect "$container" | jq -r .status.finishedAt)")
    [ "$finished" -ge $((left - 1)) ]
    [ "$finished" -le $((came + 1)) ]
}

@test "everything can be stopped and removed after a restart, and the network is given back" {
    pod=$(new_pod leftover)
    container=$(new_container "$pod" leftover one)
    address=$(crictl inspectp "$pod" | jq -r .status.network.ip)
    kill_agent
    restart_agent
    equal "$address" "$(crictl inspectp "$pod" | jq -r .status.network.ip)"
    crictl stop --timeout 1 "$container"
    crictl rmp -f "$pod"
    equal "" "$(ip netns list | grep "$(agent_instance "$agent_dir")" || true)"
}

@test "what a killed agent was in the middle of is swept" {
    kill_agent
    # A sandbox's directory without a record, a writable layer and a pin that belong to nobody.
    orphan=$(printf 'f%.0s' {1..64})
    mkdir -p "$agent_dir/run/sandboxes/$orphan/ns" "$agent_dir/state/containers/$orphan/upper"
    restart_agent
    equal "" "$(crictl pods -q)"
    [ ! -e "$agent_dir/run/sandboxes/$orphan" ]
    [ ! -e "$agent_dir/state/containers/$orphan" ]
}

@test "a record that cannot be read is set aside, reported, and harms no other pod" {
    pod=$(new_pod healthy)
    kill_agent
    orphan=$(printf 'e%.0s' {1..64})
    mkdir -p "$agent_dir/run/sandboxes/$orphan"
    echo '{"version": 1, broken' >"$agent_dir/run/sandboxes/$orphan/record.json"
    restart_agent
    equal "$pod" "$(crictl pods -q)"
    grep -q "$orphan" "$agent_dir/agent.log"
}
