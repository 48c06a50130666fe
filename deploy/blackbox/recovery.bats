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

layer_records() {
    find "$agent_dir/state/images/layers" -name layer.json
}

# spoil_records jq-program: as if another build had written them.
spoil_records() {
    local record
    while read -r record; do
        jq "$1" "$record" >"$record.new"
        mv "$record.new" "$record"
    done < <(layer_records)
}

@test "layers that another build has written cost nobody his image" {
    pod=$(new_pod upgraded)
    container=$(new_container "$pod" upgraded one)
    layers=$(layer_records | wc -l)
    other=example.test/carpel/zstd:latest
    for change in '.version = 1 | del(.lacking)' '.version = 99 | .new = {}' '"torn'; do
        kill_agent
        if [ "$change" = '"torn' ]; then
            layer_records | while read -r record; do echo '{"version": 2, torn' >"$record"; done
        else
            spoil_records "$change"
        fi
        restart_agent
        equal CONTAINER_RUNNING "$(container_state "$container")"
        equal 1 "$(crictl images -q | wc -l)"
        # A removed image's layers are cleared away; these are not among them.
        crictl pull "$other"
        crictl rmi "$other"
        equal "$layers" "$(layer_records | wc -l)"
        equal fine "$(inside "$container" busybox echo fine)"
        further=$(new_container "$pod" upgraded "further$RANDOM")
        equal fine "$(inside "$further" echo fine)"
    done
    grep -q "is kept for those who use it, though its record has version 99" "$agent_dir/agent.log"
    grep -q "is kept for those who use it, though its record cannot be read" "$agent_dir/agent.log"
}

@test "a container whose image is no longer whole keeps its layers until it goes" {
    pod=$(new_pod bereft)
    container=$(new_container "$pod" bereft one)
    before=$(layer_records)
    config=$(crictl inspect "$container" | jq -r '.status.imageId // .status.image.image')
    kill_agent
    rm "$agent_dir/state/images/blobs/sha256/${config#sha256:}"
    restart_agent
    equal "" "$(crictl images -q)"
    equal CONTAINER_RUNNING "$(container_state "$container")"
    # What tidies up must not take the files of a running container.
    crictl pull example.test/carpel/nothing:latest
    crictl rmi example.test/carpel/nothing:latest
    for record in $before; do
        [ -e "$record" ]
    done
    equal fine "$(inside "$container" cat /proc/self/cmdline | tr '\0' ' ' | grep -q cat && echo fine)"
    crictl rmp -f "$pod"
    crictl pull "$busybox"
    crictl rmi "$busybox"
    wait_for 20 test -z "$(layer_records)"
}

# Together more than the heap. Kept more than once, they ended the agent, and each one after it.
@test "a hundred containers with a megabyte and a half of variables each" {
    pod=$(new_pod large)
    file=$(container_file large '.envs = [range(12) | {key: "V\(.)", value: ("x" * 131000)}]')
    for i in $(seq 100); do
        jq --arg name "c$i" '.metadata.name = $name | .log_path = ($name + ".log")' "$file" >"$file.$i"
        container=$(crictl create "$pod" "$file.$i" "$BATS_TEST_TMPDIR/pod-large.json")
    done
    crictl start "$container"
    kill_agent
    restart_agent
    equal 131000 "$(inside "$container" sh -c 'echo ${#V11}')"
    equal 100 "$(crictl ps -aq | wc -l)"
    equal 131000 "$(inside "$container" sh -c 'echo ${#V0}')"
}
