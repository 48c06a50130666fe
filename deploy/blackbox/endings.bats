#!/usr/bin/env bats
# How containers end: by signals asked for in all ways, by the OOM killer, and what is said of it.

load support
load one_agent

setup_file() {
    start_agent
    crictl pull "$busybox"
    crictl pull registry.k8s.io/e2e-test-images/nginx:1.14-2
}

setup() {
    pod=$(new_pod ends)
}

reason() {
    crictl inspect "$1" | jq -r .status.reason
}

# Says the number of each signal it hears, and goes on: SIGKILL ends it. `ready` comes first.
listening='for s in TERM INT QUIT HUP USR1 USR2 34 35 37; do trap \"echo heard $s\" $s 2>/dev/null; done
    echo ready; while :; do sleep 0.05; done'

listener() {
    local id
    id=$(new_container "$pod" ends "$1" ".command = [\"sh\", \"-c\", \"$listening\"] | ${2:-.}")
    wait_for 10 log_has "$id" ready
    printf '%s\n' "$id"
}

log_of() {
    sed 's/^[^ ]* [^ ]* F //' "$(crictl inspect "$1" | jq -r .status.logPath)"
}

log_has() {
    log_of "$1" | grep -q "$2"
}

# hog NAME COMMAND: with 32 MiB of memory; `eat` in the command takes more.
hog() {
    local eat="head -c 200m /dev/zero | tail"
    crictl create "$pod" "$(container_file "$1" ".command = [\"sh\", \"-c\", \"${2//eat/$eat}\"]
        | .linux.resources = {memory_limit_in_bytes: 33554432, memory_swap_limit_in_bytes: 33554432}")" \
        "$BATS_TEST_TMPDIR/pod-ends.json"
}

@test "the stop signal: of the request, of the image, or SIGTERM" {
    plain=$(listener plain)
    equal SIGTERM "$(crictl inspect "$plain" | jq -r '.status.stopSignal // "SIGTERM"')"
    crictl stop --timeout 1 "$plain"
    log_has "$plain" "heard TERM"
    # The protocol has numbers of its own: 29 is SIGUSR1, 38 is SIGRTMIN+3.
    asked=$(listener asked '.stop_signal = 29')
    crictl stop --timeout 1 "$asked"
    log_has "$asked" "heard USR1"
    run log_has "$asked" "heard TERM"
    [ "$status" -ne 0 ]
    image=$(listener image '.image.image = "registry.k8s.io/e2e-test-images/nginx:1.14-2"')
    crictl stop --timeout 1 "$image"
    log_has "$image" "heard QUIT"
    for each in "$plain" "$asked" "$image"; do
        equal 137 "$(exit_code "$each")"
        equal Error "$(reason "$each")"
    done
}

@test "real-time signals" {
    # SIGRTMIN is 34: the two below it are libc's own.
    container=$(listener realtime '.stop_signal = 38')
    crictl stop --timeout 1 "$container"
    log_has "$container" "heard 37"
}

@test "stopped twice at once, the shorter time counts" {
    container=$(listener twice)
    crictl stop --timeout 50 "$container" >/dev/null 2>&1 3>&- &
    first=$!
    wait_for 10 log_has "$container" "heard TERM"
    before=$SECONDS
    crictl stop --timeout 1 "$container"
    wait $first
    [ $((SECONDS - before)) -lt 30 ]
    equal CONTAINER_EXITED "$(container_state "$container")"
    # Asked once, though two wanted it.
    equal 1 "$(log_of "$container" | grep -c "heard TERM")"
}

@test "whoever stops it may go away: it is killed all the same" {
    container=$(listener abandoned)
    "$CARPEL_TEST_TOOLS/crictl" --config /dev/null --timeout 60s \
        --runtime-endpoint "unix://$agent_dir/carpel.sock" \
        stop --timeout 3 "$container" >/dev/null 2>&1 3>&- &
    caller=$!
    wait_for 10 log_has "$container" "heard TERM"
    kill -KILL $caller
    wait $caller || true
    equal CONTAINER_RUNNING "$(container_state "$container")"
    wait_for 20 has_state "$container" CONTAINER_EXITED
    equal 137 "$(exit_code "$container")"
}

@test "a container that is removed ends its execs" {
    container=$(new_container "$pod" ends busy)
    crictl exec -s "$container" sleep 1000 >"$BATS_TEST_TMPDIR/exec" 2>&1 3>&- &
    exec=$!
    wait_for 10 runs "$container" "sleep 1000"
    pid=$(host_pid "$container")
    crictl rm -f "$container"
    status=0
    wait $exec || status=$?
    [ "$status" -ne 0 ]
    [ ! -e "/proc/$pid" ] || grep -q '^State:.*Z' "/proc/$pid/status"
    equal "" "$(crictl ps -aq)"
    equal "" "$(find /sys/fs/cgroup -type d -name "*$container*")"
}

runs() {
    inside "$1" ps -o args | grep -qx "$2"
}

@test "containers and pods that come and go at once leave nothing" {
    for round in 1 2 3 4 5; do
        file=$(container_file "r$round")
        crictl create "$pod" "$file" "$BATS_TEST_TMPDIR/pod-ends.json" >/dev/null 2>&1 3>&- &
        create=$!
        crictl stopp "$pod"
        wait $create || true
        # Created before, and then stopped with the pod; or refused. Never alive in a dead pod.
        [ "$(crictl inspectp "$pod" | jq -r .status.state)" = SANDBOX_NOTREADY ]
        for left in $(crictl ps -aq); do
            equal CONTAINER_EXITED "$(container_state "$left")"
        done
        crictl rmp -f "$pod"
        equal "" "$(crictl ps -aq)"
        equal "" "$(find /sys/fs/cgroup /run/netns -name "*${pod:0:13}*")"
        pod=$(new_pod "ends$round")
        cp "$BATS_TEST_TMPDIR/pod-ends$round.json" "$BATS_TEST_TMPDIR/pod-ends.json"
    done
}

@test "OOMKilled: at once, through a shell, and never for a child alone" {
    for case in "at-once eat" "shell true;eat" "soon sleep 0.2;eat"; do
        container=$(hog "${case%% *}" "${case#* }")
        crictl start "$container"
        wait_for 30 has_state "$container" CONTAINER_EXITED
        equal "137 OOMKilled" "$(exit_code "$container") $(reason "$container")"
    done
    for case in "well (eat);exit=0" "ill (eat);exit=3"; do
        command=${case#* }
        container=$(hog "${case%% *}" "${command//=/ }")
        crictl start "$container"
        wait_for 30 has_state "$container" CONTAINER_EXITED
        [ "$(reason "$container")" != OOMKilled ]
    done
    equal "3 Error" "$(exit_code "$container") $(reason "$container")"
}

@test "a container that is killed on request was not OOM killed, whatever became of a child" {
    container=$(hog survivor "(eat); echo went on; while :; do sleep 0.1; done")
    crictl start "$container"
    wait_for 30 log_has "$container" "went on"
    crictl stop --timeout 0 "$container"
    equal "137 Error" "$(exit_code "$container") $(reason "$container")"
}

# A group above the container has the limit: version 1 of cgroups tells the container's group of
# nothing then, as when the whole machine has no memory left.
tight_group() {
    local group=/sys/fs/cgroup/memory/$1
    if [ -d /sys/fs/cgroup/memory ]; then
        echo 41943040 >"$group/memory.limit_in_bytes"
        [ ! -e "$group/memory.memsw.limit_in_bytes" ] || echo 41943040 >"$group/memory.memsw.limit_in_bytes"
    else
        group=/sys/fs/cgroup/$1
        echo 41943040 >"$group/memory.max"
        echo 0 >"$group/memory.swap.max"
    fi
}

# How many processes were killed in the groups below one.
oom_kills() {
    find /sys/fs/cgroup -path "*/$1/*" \( -name memory.oom_control -o -name memory.events \) -exec cat {} + \
        | awk '$1 == "oom_kill" { sum += $2 } END { print sum + 0 }'
}

@test "whom the OOM killer took counts: a child, and its container is killed a moment later, or the container" {
    parent=carpel-tight-$$
    pod=$(new_pod tight ".linux.cgroup_parent = \"/$parent\"")
    eat="head -c 200m /dev/zero | tail"
    crictl create "$pod" "$(container_file child ".command = [\"sh\", \"-c\",
        \"($eat); echo went on; while :; do sleep 0.1; done\"]")" "$BATS_TEST_TMPDIR/pod-tight.json" \
        >"$BATS_TEST_TMPDIR/child"
    child=$(cat "$BATS_TEST_TMPDIR/child")
    # The group is made with its first container.
    tight_group "$parent"
    crictl start "$child"
    wait_for 30 log_has "$child" "went on"
    [ "$(oom_kills "$parent")" -ge 1 ]
    # Not by way of the runtime, which would know.
    kill -KILL "$(host_pid "$child")"
    wait_for 30 has_state "$child" CONTAINER_EXITED
    equal "137 Error" "$(exit_code "$child") $(reason "$child")"
    # dd holds what it reads, and is the container's own process.
    itself=$(crictl create "$pod" "$(container_file itself \
        '.command = ["dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1"]')" "$BATS_TEST_TMPDIR/pod-tight.json")
    tight_group "$parent"
    crictl start "$itself"
    wait_for 30 has_state "$itself" CONTAINER_EXITED
    equal "137 OOMKilled" "$(exit_code "$itself") $(reason "$itself")"
    crictl rmp -f "$pod"
    find /sys/fs/cgroup -depth -type d -name "$parent" -exec rmdir {} +
}

@test "OOMKilled is found out by an agent that was not there" {
    container=$(hog unseen "while [ ! -e /dev/shm/go ]; do sleep 0.05; done; eat")
    crictl start "$container"
    init=$(host_pid "$container")
    kill -KILL "$(agent_pid "$agent_dir")"
    touch "/proc/$init/root/dev/shm/go"
    wait_for 30 gone "$init"
    start_agent
    equal "137 OOMKilled" "$(exit_code "$container") $(reason "$container")"
}

gone() {
    [ ! -e "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"
}

@test "what the OOM killer did to a child long before is not why its container was killed" {
    # Seconds, so that the two have nothing to do with each other.
    later=$(hog later "(eat); echo went on; sleep 8; echo late; while :; do sleep 0.1; done")
    said=$(hog said "(eat); echo went on; sleep 8; exit 137")
    both=$(hog both "(eat); echo went on; sleep 8; eat")
    for container in "$later" "$said" "$both"; do
        crictl start "$container"
    done
    for container in "$later" "$said" "$both"; do
        wait_for 30 log_has "$container" "went on"
    done
    wait_for 30 log_has "$later" late
    # Not by way of the runtime, which would know.
    kill -KILL "$(host_pid "$later")"
    for container in "$later" "$said"; do
        wait_for 30 has_state "$container" CONTAINER_EXITED
        equal "137 Error" "$(exit_code "$container") $(reason "$container")"
    done
    # Another one, at the end, is.
    wait_for 30 has_state "$both" CONTAINER_EXITED
    equal "137 OOMKilled" "$(exit_code "$both") $(reason "$both")"
}
