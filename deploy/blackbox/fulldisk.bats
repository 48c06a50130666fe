#!/usr/bin/env bats
# No room where records are kept, or where writable layers are: what is asked for fails and says
# where, what runs goes on, and what has ended is known and can be removed.

load support

setup_file() {
    mkdir -p "$agent_dir/run" "$agent_dir/state"
    mount -t tmpfs -o size=8m,mode=0755 tmpfs "$agent_dir/run"
    mount -t tmpfs -o size=64m,mode=0755 tmpfs "$agent_dir/state"
    start_agent
    crictl pull "$busybox"
}

teardown_file() {
    make_room
    crictl rmp -fa >/dev/null
    agent_stop "$agent_dir"
    umount "$agent_dir/run" "$agent_dir/state"
    stop_agent
}

teardown() {
    make_room
    remove_pods
}

# fill run|state: until not one more page fits.
fill() {
    dd if=/dev/zero of="$agent_dir/$1/filler" bs=4k 2>/dev/null && return 1
    equal 0 "$(stat -f -c %a "$agent_dir/$1")"
}

make_room() {
    rm -f "$agent_dir/run/filler" "$agent_dir/state/filler"
    mount -o remount,nr_inodes=100000 "$agent_dir/run"
}

# full DIRECTORY command…: fails for want of room below the directory, and says so.
full() {
    local directory=$1
    shift
    run "$@"
    [ "$status" -ne 0 ]
    contains "$output" ResourceExhausted
    contains "$output" "$directory/"
    contains "${output,,}" "no space left on device"
}

# What a pod or a container has, but for the pods that ran before.
left() {
    find "$agent_dir/run" "$agent_dir/state/containers" -mindepth 2 -maxdepth 2 | sort
    find /sys/fs/cgroup -type d -path "*carpel-$(agent_instance "$agent_dir")*" | sort
    find /run/netns -name "carpel-$(agent_instance "$agent_dir")-*" | sort
}

ends_with() {
    new_container "$pod" "$1" "$2" '.command = ["sh", "-c", "while [ ! -e /dev/shm/go-'"$2"' ]; do sleep 0.05; done; exit '"$3"'"]'
}

@test "no room for records" {
    pod=$(new_pod full)
    waiting=$(crictl create "$pod" "$(container_file waiting)" "$BATS_TEST_TMPDIR/pod-full.json")
    seen=$(ends_with full seen 7)
    unseen=$(ends_with full unseen 9)
    before=$(left)
    other=$(pod_file other)
    one_more=$(container_file more)
    fill run
    full "$agent_dir/run" crictl runp "$other"
    full "$agent_dir/run" crictl create "$pod" "$one_more" "$BATS_TEST_TMPDIR/pod-full.json"
    full "$agent_dir/run" crictl update --memory 100000000 "$seen"
    equal "$before" "$(left)"
    # What is there is told of, and works.
    equal "$pod" "$(crictl pods -q)"
    equal hello "$(inside "$seen" echo hello)"
    crictl start "$waiting"
    has_state "$waiting" CONTAINER_RUNNING
    inside "$seen" touch /dev/shm/go-seen
    wait_for 20 has_state "$seen" CONTAINER_EXITED
    equal 7 "$(exit_code "$seen")"
    # Nor is an end lost that nobody but the shim sees.
    init=$(host_pid "$unseen")
    kill -KILL "$(agent_pid "$agent_dir")"
    touch "/proc/$init/root/dev/shm/go-unseen"
    wait_for 20 gone "$init"
    start_agent
    equal 9 "$(exit_code "$unseen")"
    equal 7 "$(exit_code "$seen")"
    has_state "$waiting" CONTAINER_RUNNING
    # Whoever has to make room can.
    crictl stop --timeout 0 "$waiting"
    equal 137 "$(exit_code "$waiting")"
    crictl stopp "$pod"
    equal SANDBOX_NOTREADY "$(crictl inspectp "$pod" | jq -r .status.state)"
    crictl rm "$seen"
    crictl rmp "$pod"
    equal "" "$(crictl pods -q)"
    make_room
    pod=$(new_pod full)
    new_container "$pod" full again
}

gone() {
    [ ! -e "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"
}

# made_or_full rm|rmp command…: either makes something, which is removed by the verb, or fails as
# it should.
made_or_full() {
    local verb=$1
    shift
    run --separate-stderr "$@"
    if [ "$status" -eq 0 ]; then
        crictl "$verb" -f "$output"
        return
    fi
    contains "$stderr" "$agent_dir/run/"
    contains "${stderr,,}" "no space left on device"
}

@test "no inode for records" {
    pod=$(new_pod inodes)
    before=$(left)
    other=$(pod_file other)
    one_more=$(container_file more)
    # From one on: each time another step is the first that finds no room.
    for room in 0 1 2 3 4 5 6 7 8 9; do
        used=$(($(stat -f -c '%c - %d' "$agent_dir/run")))
        mount -o "remount,nr_inodes=$((used + room))" "$agent_dir/run"
        made_or_full rm crictl create "$pod" "$one_more" "$BATS_TEST_TMPDIR/pod-inodes.json"
        made_or_full rmp crictl runp "$other"
        mount -o remount,nr_inodes=100000 "$agent_dir/run"
        equal "$before" "$(left)"
    done
    new_container "$pod" inodes again
}

@test "no room for writable layers" {
    pod=$(new_pod layers)
    file=$BATS_TEST_TMPDIR/pod-layers.json
    running=$(new_container "$pod" layers running)
    before=$(left)
    one_more=$(container_file more)
    inodes=$(($(stat -f -c '%c - %d' "$agent_dir/state")))
    mount -o "remount,nr_inodes=$inodes" "$agent_dir/state"
    full "$agent_dir/state" crictl create "$pod" "$one_more" "$file"
    full "$agent_dir/state" crictl runp "$(pod_file other)"
    equal "$before" "$(left)"
    mount -o remount,nr_inodes=100000 "$agent_dir/state"
    fill state
    # The container is told, as by any full disk; nobody else is held up.
    run inside "$running" sh -c 'dd if=/dev/zero of=/file bs=100k count=1'
    contains "$output" "No space left on device"
    run crictl pull example.test/carpel/zstd:latest
    contains "$output" ResourceExhausted
    contains "$output" "the disk is full"
    contains "$output" "$agent_dir/state"
    equal hello "$(inside "$running" echo hello)"
    crictl stopp "$pod"
    crictl rmp "$pod"
}
