#!/usr/bin/env bats
# The agent is killed at any moment, many times, while pods come and go: afterwards everything can be
# removed, and the host is as it was. And calls of all kinds are made at once, in any order.
# CARPEL_TEST_SEED repeats a run; CARPEL_TEST_SOAK is the length of the first in seconds.

load support
# shellcheck source=/dev/null
. "$top/deploy/lib/hoststate.sh"

setup() {
    start_agent
    crictl pull "$busybox"
}

teardown() {
    touch "$BATS_TEST_TMPDIR/over"
    if [ -z "$(agent_pid "$agent_dir")" ]; then
        start_agent
    fi
    remove_pods
    stop_agent
}

# cycle NUMBER: pods from beginning to end, whatever fails on the way, until all is over.
cycle() {
    local round=0 pod container
    while [ ! -e "$BATS_TEST_TMPDIR/over" ]; do
        round=$((round + 1))
        # What a broken round has left holds the host port.
        short pods -q --label "worker=$1" | xargs -r "$CARPEL_TEST_TOOLS/crictl" --config /dev/null \
            --timeout 10s --runtime-endpoint "unix://$agent_dir/carpel.sock" rmp -f
        pod=$(short runp "$(pod_file "p$1-$round" '.labels = {worker: "'"$1"'"} | .port_mappings = [{container_port: 80, host_port: (21000 + '"$1"')}]
            | .linux.security_context.namespace_options.pid = '$((RANDOM % 2)))") || continue
        container=$(short create "$pod" "$(container_file "c$1-$round" \
            '.linux.security_context.namespace_options.pid = '"$(jq .linux.security_context.namespace_options.pid "$BATS_TEST_TMPDIR/pod-p$1-$round.json")")" \
            "$BATS_TEST_TMPDIR/pod-p$1-$round.json") || continue
        short start "$container" || continue
        short exec -s "$container" true || true
        case $((RANDOM % 3)) in
            0) short stop --timeout 0 "$container" || continue ;;
            1) short rm -f "$container" || continue ;;
        esac
        short rmp -f "$pod" || continue
        echo "$round" >"$BATS_TEST_TMPDIR/whole-$1"
    done
}

short() {
    "$CARPEL_TEST_TOOLS/crictl" --config /dev/null --timeout 10s \
        --runtime-endpoint "unix://$agent_dir/carpel.sock" "$@" 2>/dev/null
}

# Shims and the first processes of shared pid namespaces: those of this agent, by their group.
helpers() {
    cat /sys/fs/cgroup/*/carpel-"$instance"/shims/cgroup.procs \
        /sys/fs/cgroup/carpel-"$instance"/shims/cgroup.procs 2>/dev/null | sort -u
}

no_helpers() {
    [ -z "$(helpers)" ]
}

nothing_is_left() {
    equal "" "$(find /run/netns -name "*$instance*")"
    equal "" "$(find /sys/fs/cgroup -path "*carpel-$instance*" -type d -name '*[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]*')"
    equal "" "$(find "$agent_dir/run/sandboxes" "$agent_dir/run/containers" "$agent_dir/run/s" \
        "$agent_dir/state/containers" -mindepth 1 -maxdepth 1)"
    # A shim that nobody gave anything to do, since the agent was killed in that moment, ends by
    # itself after 30 s.
    wait_for 50 no_helpers
    equal "" "$(awk -v dir="$agent_dir/" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo)"
    equal "" "$(find "$agent_dir/state/network" -type f -path '*/bridge/*' -name '*.json')"
}

@test "killed at any moment, again and again" {
    seed=${CARPEL_TEST_SEED:-$(($(date +%s) % 30000))}
    echo "# seed $seed: repeat with CARPEL_TEST_SEED=$seed" >&3
    instance=$(agent_instance "$agent_dir")
    rm -f "$BATS_TEST_TMPDIR/over"
    workers=()
    for worker in 1 2 3; do
        RANDOM=$((seed + worker))
        cycle $worker >/dev/null 2>&1 3>&- &
        workers+=($!)
    done
    RANDOM=$seed
    kills=0
    end=$((SECONDS + ${CARPEL_TEST_SOAK:-40}))
    while [ $SECONDS -lt $end ]; do
        # Some moments are only met soon after a start, others only when much goes on.
        sleep "$((RANDOM % 3)).$((RANDOM % 1000))"
        kill -KILL "$(agent_pid "$agent_dir")"
        kills=$((kills + 1))
        start_agent
    done
    touch "$BATS_TEST_TMPDIR/over"
    wait "${workers[@]}" || true
    whole=$(cat "$BATS_TEST_TMPDIR"/whole-* 2>/dev/null | wc -l)
    echo "# $kills kills; $whole of 3 workers finished whole rounds in between" >&3
    [ "$kills" -ge 3 ]
    remove_pods
    nothing_is_left
}

@test "calls of all kinds, in any order and at once" {
    seed=${CARPEL_TEST_SEED:-$(date +%s)}
    instance=$(agent_instance "$agent_dir")
    # Answers that should not be are on its standard error.
    "$CARPEL_TEST_TOOLS/cristreams" scramble --socket "$agent_dir/carpel.sock" --seed "$seed" \
        --image "$busybox" --logs "$BATS_TEST_TMPDIR/logs" --parallel 16 --sessions 4000 >&2
    nothing_is_left
}
