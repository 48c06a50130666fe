#!/usr/bin/env bats
# Clients of the streams that do not behave: what they cost, and whom.

load support
load one_agent

cristreams() {
    local verb=$1
    shift
    "$CARPEL_TEST_TOOLS/cristreams" "$verb" --socket "$agent_dir/carpel.sock" "$@"
}

# The far end of forwarded ports, and a container to run commands in; sets pod and container.
start_server() {
    pod=$(new_pod "$1")
    container=$(new_container "$pod" "$1" main \
        ".mounts = [{host_path: \"$CARPEL_TEST_TOOLS\", container_path: \"/tools\", readonly: true}]
         | .stdin = true
         | .command = [\"/tools/cristreams\", \"serve\"]")
    wait_for 20 logged "$container" listening
}

logged() {
    crictl logs "$1" 2>&1 | grep -q "$2"
}

threads() {
    sed -n 's/^Threads:\t//p' "/proc/$(agent_pid "$agent_dir")/status"
}

virtual_threads() {
    local dump=$BATS_TEST_TMPDIR/threads.json
    "$JAVA_HOME/bin/jcmd" "$(agent_pid "$agent_dir")" Thread.dump_to_file -overwrite -format=json "$dump" >/dev/null
    grep -c '"name": "stream-' "$dump" || true
}

descriptors() {
    find "/proc/$(agent_pid "$agent_dir")/fd" -mindepth 1 2>/dev/null | wc -l
}

# Those of the containers and of commands in them.
processes() {
    local file count=0
    for file in /proc/[0-9]*/cmdline; do
        if tr '\0' ' ' 2>/dev/null <"$file" | grep -qE "^carpel-shim .*$agent_dir|98765"; then
            count=$((count + 1))
        fi
    done
    echo $count
}

# KiB in use once everything that can be thrown away has been.
heap() {
    local pid
    pid=$(agent_pid "$agent_dir")
    "$JAVA_HOME/bin/jcmd" "$pid" GC.run >/dev/null
    "$JAVA_HOME/bin/jcmd" "$pid" GC.heap_info \
        | sed -n 's/.*\(def new generation\|Tenured\|tenured\|DefNew\).* used \([0-9]*\)K.*/\2/p' \
        | awk '{ sum += $1 } END { print sum }'
}

# at_most LIMIT command…
at_most() {
    local limit=$1
    shift
    [ "$("$@")" -le "$limit" ]
}

at_least() {
    local limit=$1
    shift
    [ "$("$@")" -ge "$limit" ]
}

# First, for what other tests leave unused waits for a minute.
@test "27 at most a thousand requests wait, each token is good once, and no other is" {
    pod=$(new_pod tokens)
    container=$(new_container "$pod" tokens main)
    run -0 cristreams tokens --container "$container"
    equal "1000 requests were kept" "$output"
}

# The first ones load classes and fill pools: what counts is what a thousand more leave behind.
nothing_is_left_by() {
    local threads_before descriptors_before heap_before processes_before
    processes_before=$(processes)
    cristreams drop "$@" --sessions 300
    wait_for 60 at_most 0 virtual_threads
    wait_for 60 at_most "$processes_before" processes
    heap_before=$(heap)
    threads_before=$(threads)
    descriptors_before=$(descriptors)
    cristreams drop "$@" --sessions 1000
    wait_for 60 at_most "$processes_before" processes
    wait_for 60 at_most 0 virtual_threads
    wait_for 60 at_most "$descriptors_before" descriptors
    # Some come and go with the load of the machine.
    wait_for 90 at_most $((threads_before + 2)) threads
    # What is compiled and cached meanwhile takes some.
    wait_for 60 at_most $((heap_before + 3072)) heap
    echo "# heap $heap_before -> $(heap) KiB, threads $threads_before -> $(threads)," \
        "descriptors $descriptors_before -> $(descriptors)" >&3
    equal still "$(inside "$container" echo still)"
}

@test "27 a thousand commands left half-way, a hundred at a time, leave nothing" {
    pod=$(new_pod commands)
    container=$(new_container "$pod" commands main)
    nothing_is_left_by --verb exec --container "$container"
}

@test "27 a thousand port-forwards left half-way, a hundred at a time, leave nothing" {
    start_server forwards
    nothing_is_left_by --verb portforward --pod "$pod"
}

@test "27 what a command prints without end is cut where a message ends" {
    pod=$(new_pod endless)
    container=$(new_container "$pod" endless main)
    # Lines of two bytes each; crictl adds line ends of its own.
    equal $((15 << 20)) "$(inside "$container" sh -c 'yes | head -c 67108864' | tr -dc y | wc -c | awk '{ print 2 * $1 }')"
}

# Each holds a sixteenth of the heap while the others do, and more of it when its answer is made.
@test "27 what many commands print at once does not cost the agent its life" {
    agent=$(agent_pid "$agent_dir")
    pod=$(new_pod printers)
    container=$(new_container "$pod" printers main)
    for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
        inside "$container" sh -c 'yes | head -c 67108864; sleep 10' 2>&1 3>&- | wc -c >"$BATS_TEST_TMPDIR/printed-$i" 3>&- &
    done
    wait
    equal "$agent" "$(agent_pid "$agent_dir")"
    # Each has kept something, and one alone is given all that fits again.
    for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
        at_least 16384 cat "$BATS_TEST_TMPDIR/printed-$i"
    done
    equal $((15 << 20)) "$(inside "$container" sh -c 'yes | head -c 67108864' | tr -dc y | wc -c | awk '{ print 2 * $1 }')"
}

@test "clients that read nothing slow nobody else" {
    pod=$(new_pod stalled)
    container=$(new_container "$pod" stalled main \
        '.stdin = true | .command = ["sh", "-c", "read -r go; seq 1 3000000; exec sleep 1000"]')
    coproc client { cristreams stall --container "$container"; }
    # Kept, since bash unsets client_PID as soon as it has seen the end of the client.
    stalled=$client_PID
    read -r line <&"${client[0]}"
    equal stalled "$line"
    # One more client, which reads: it starts the container's output.
    mkfifo "$BATS_TEST_TMPDIR/input"
    exec {input}<>"$BATS_TEST_TMPDIR/input"
    crictl attach -i "$container" <&"$input" >"$BATS_TEST_TMPDIR/attached" 3>&- &
    attached=$!
    echo go >&"$input"
    log=$(crictl inspect "$container" | jq -r .status.logPath)
    wait_for 60 last_line_is "$log" 3000000
    equal "$(seq 1 3000000 | sha256sum)" "$(sed 's/^[^ ]* stdout F //' "$log" | sha256sum)"
    equal here "$(crictl exec "$container" echo here)"
    equal here "$(crictl exec --transport websocket "$container" echo here)"
    # They still hold what they came for: two commands that wait for their reader.
    equal 2 "$(inside "$container" pgrep -xc yes)"
    kill "$attached"
    exec {input}>&- {client[1]}>&-
    wait "$stalled"
    wait_for 20 no_yes
}

last_line_is() {
    tail -n 1 "$1" | grep -q " $2\$"
}

no_yes() {
    ! inside "$container" pgrep -x yes
}

@test "clients of events that never read are dropped, the others miss nothing" {
    heap_before=$(heap)
    run -0 cristreams events --parallel 10
    wait_for 60 at_most $((heap_before + 6144)) heap
}
