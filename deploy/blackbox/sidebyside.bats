#!/usr/bin/env bats
# Several agents on one host do not touch each other.

load support

setup() {
    one=$BATS_TEST_TMPDIR/one
    two=$BATS_TEST_TMPDIR/two
}

teardown() {
    "$top/deploy/down" "$one"
    "$top/deploy/down" "$two"
}

@test "two agents have their own pods, bridges, tables and addresses" {
    "$top/deploy/up" "$one" --registries-conf "$CARPEL_TEST_REGISTRIES_CONF"
    "$top/deploy/up" "$two" --registries-conf "$CARPEL_TEST_REGISTRIES_CONF"
    agent_dir=$one crictl pull "$busybox"
    equal "" "$(agent_dir=$two crictl images -q)"
    agent_dir=$two crictl pull "$busybox"
    pod_one=$(agent_dir=$one new_pod same)
    pod_two=$(agent_dir=$two new_pod same)
    equal "$pod_one" "$(agent_dir=$one crictl pods -q)"
    equal "$pod_two" "$(agent_dir=$two crictl pods -q)"
    address_one=$(agent_dir=$one crictl inspectp "$pod_one" | jq -r .status.network.ip)
    address_two=$(agent_dir=$two crictl inspectp "$pod_two" | jq -r .status.network.ip)
    differ "${address_one%.*}" "${address_two%.*}"
    differ "$(bridge_of "$one")" "$(bridge_of "$two")"
    ip link show "$(bridge_of "$one")"
    ip link show "$(bridge_of "$two")"

    # The second one goes; the first one's pod still has its network.
    container=$(agent_dir=$one new_container "$pod_one" same one)
    "$top/deploy/down" "$two"
    agent_dir=$one inside "$container" ping -c 1 -W 2 "${address_one%.*}.1"
    [ ! -e "$two/state" ]
    [ -s "$two/agent.log" ]
    ip link show "$(bridge_of "$one")"
    run ip link show "$(bridge_of "$two")"
    [ "$status" -ne 0 ]
}

bridge_of() {
    printf 'cpl%s\n' "$(agent_instance "$(agent_instance "$1")")"
}

@test "up and down say so when there is nothing to do" {
    "$top/deploy/up" "$one"
    pid=$(cat "$one/agent.pid")
    run -0 "$top/deploy/up" "$one"
    contains "$output" "$pid"
    equal "$pid" "$(cat "$one/agent.pid")"
    run -0 "$top/deploy/down" "$one"
    run -0 "$top/deploy/down" "$one"
}

@test "down leaves a process alone that only happens to have the number of the pid file" {
    mkdir -p "$one"
    sleep 1000 &
    stranger=$!
    echo "$stranger" >"$one/agent.pid"
    "$top/deploy/down" "$one"
    kill -0 "$stranger"
    kill "$stranger"
}

@test "down removes the pods of an agent that died" {
    "$top/deploy/up" "$one" --registries-conf "$CARPEL_TEST_REGISTRIES_CONF"
    agent_dir=$one crictl pull "$busybox"
    pod=$(agent_dir=$one new_pod orphaned)
    container=$(agent_dir=$one new_container "$pod" orphaned one)
    pid=$(agent_dir=$one host_pid "$container")
    kill -KILL "$(agent_pid "$one")"
    "$top/deploy/down" "$one"
    [ ! -e "/proc/$pid" ]
    equal "" "$(ip netns list | grep "$(agent_instance "$one")" || true)"
}

@test "a directory with a long name is no obstacle" {
    # A socket's address has room for 107 bytes; what is below --run-dir comes after that.
    one=$BATS_TEST_TMPDIR/long
    while [ ${#one} -lt 88 ]; do
        one+=-
    done
    "$top/deploy/up" "$one" --registries-conf "$CARPEL_TEST_REGISTRIES_CONF" \
        --run-dir "$one/run-with-a-long-name-too"
    agent_dir=$one crictl pull "$busybox"
    pod=$(agent_dir=$one new_pod long)
    container=$(agent_dir=$one new_container "$pod" long one)
    equal works "$(agent_dir=$one inside "$container" echo works)"
}
