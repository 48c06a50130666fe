#!/usr/bin/env bats
# Runtime handlers: made by configuration, told to the kubelet, asked for by pods.

load support

# The ranges that pods of this test get: a line of its own in the host's files, taken out again.
user=carpel-$(printf '%s' "${BATS_FILE_TMPDIR:-}" | sha256sum | cut -c1-8)
first=1879048192

setup_file() {
    for file in /etc/subuid /etc/subgid; do
        echo "$user:$first:131072" >>"$file"
    done
    cat >"$BATS_FILE_TMPDIR/config.toml" <<EOF
[handlers.remap]
user-namespace = true
subid-user = "$user"

[handlers.strict]
default-capabilities = ["CHOWN"]
default-seccomp = "runtime-default"
no-new-privileges = true
rlimits = ["NOFILE=64:128"]
shm-size = "1MiB"
EOF
    start_agent --config "$BATS_FILE_TMPDIR/config.toml"
    crictl pull "$busybox"
}

teardown_file() {
    stop_agent
    for file in /etc/subuid /etc/subgid; do
        sed -i "/^$user:/d" "$file"
    done
}

teardown() {
    remove_pods
}

# pod_of HANDLER NAME [jq program]
pod_of() {
    local handler=$1
    shift
    crictl runp --runtime "$handler" "$(pod_file "$@")"
}

options() {
    printf '.linux.security_context.namespace_options = {%s}' "$1"
}

map_of() {
    awk '{ print $1, $2, $3 }' "/proc/$(host_pid "$1")/uid_map"
}

shm_size() {
    inside "$1" cat /proc/self/mounts | awk '$2 == "/dev/shm" { print $4 }' | grep -o 'size=[^,]*'
}

@test "the kubelet is told of each handler, and of the one without a name" {
    equal '["","remap","strict"]' "$(crictl info | jq -c '.runtimeHandlers | map(.name // "")')"
    equal '[true,true,true]' "$(crictl info | jq -c '[.runtimeHandlers[].features.user_namespaces]')"
}

@test "a pod has the capabilities, filter, limits and shared memory of its handler" {
    pod=$(pod_of strict strict)
    container=$(new_container "$pod" strict one)
    equal strict "$(crictl inspectp "$pod" | jq -r .status.runtimeHandler)"
    status=$(inside "$container" cat /proc/self/status)
    equal 0000000000000001 "$(awk '/^CapEff/ { print $2 }' <<<"$status")"
    equal 2 "$(awk '/^Seccomp:/ { print $2 }' <<<"$status")"
    equal 1 "$(awk '/^NoNewPrivs/ { print $2 }' <<<"$status")"
    equal "64 128" "$(inside "$container" cat /proc/self/limits | awk '/^Max open files/ { print $4, $5 }')"
    equal size=1024k "$(shm_size "$container")"
}

@test "a pod without a handler has none of it" {
    pod=$(new_pod plain)
    container=$(new_container "$pod" plain one)
    status=$(inside "$container" cat /proc/self/status)
    equal 00000000a80425fb "$(awk '/^CapEff/ { print $2 }' <<<"$status")"
    equal 0 "$(awk '/^Seccomp:/ { print $2 }' <<<"$status")"
    equal size=65536k "$(shm_size "$container")"
    equal "0 0 4294967295" "$(map_of "$container")"
}

@test "each remapped pod has ids of its own, which are free again when it is gone" {
    one=$(pod_of remap one)
    two=$(pod_of remap two)
    first_container=$(new_container "$one" one a)
    second_container=$(new_container "$two" two b)
    equal "0 $first 65536" "$(map_of "$first_container")"
    equal "0 $((first + 65536)) 65536" "$(map_of "$second_container")"
    run crictl runp --runtime remap "$(pod_file three)"
    [ "$status" -ne 0 ]
    contains "$output" "ResourceExhausted"
    contains "$output" "$user"
    equal "$first" "$(crictl inspectp "$one" |
        jq .status.linux.namespaces.options.usernsOptions.uids[0].hostId)"
    crictl rmp -f "$one"
    three=$(pod_of remap three)
    equal "0 $first 65536" "$(map_of "$(new_container "$three" three c)")"
}

no_agent() {
    [ -z "$(agent_pid "$agent_dir")" ]
}

@test "ids stay a pod's over a restart of the agent" {
    one=$(pod_of remap before)
    container=$(new_container "$one" before a)
    kill -KILL "$(agent_pid "$agent_dir")"
    wait_for 10 no_agent
    start_agent --config "$BATS_FILE_TMPDIR/config.toml"
    equal "0 $first 65536" "$(map_of "$container")"
    two=$(pod_of remap after)
    equal "0 $((first + 65536)) 65536" "$(map_of "$(new_container "$two" after b)")"
}

@test "volumes of a remapped pod belong to whom they belong on the host" {
    mkdir "$BATS_TEST_TMPDIR/volume"
    pod=$(pod_of remap volume)
    container=$(new_container "$pod" volume one \
        ".mounts = [{host_path: \"$BATS_TEST_TMPDIR/volume\", container_path: \"/volume\"}]")
    inside "$container" sh -c 'echo mine >/volume/file'
    equal 0 "$(stat -c %u "$BATS_TEST_TMPDIR/volume/file")"
}

@test "a pod opts out of being remapped, and the node's processes do not go with it" {
    run crictl runp --runtime remap "$(pod_file pids "$(options 'pid: 2')")"
    [ "$status" -ne 0 ]
    contains "$output" "InvalidArgument"
    contains "$output" "pid NODE does not go with the user namespace"
    run crictl runp --runtime remap "$(pod_file net "$(options 'network: 2')")"
    [ "$status" -ne 0 ]
    contains "$output" "network NODE"
    pod=$(pod_of remap out "$(options 'pid: 2, userns_options: {mode: 2}')")
    container=$(new_container "$pod" out one "$(options 'pid: 2, userns_options: {mode: 2}')")
    equal "0 0 4294967295" "$(map_of "$container")"
}

@test "an unknown handler is named" {
    run crictl runp --runtime nosuch "$(pod_file unknown)"
    [ "$status" -ne 0 ]
    contains "$output" "InvalidArgument"
    contains "$output" "nosuch"
}

handler_names() {
    crictl info | jq -r '[.runtimeHandlers[].name] | sort | join(" ")'
}

has_handlers() {
    [ "$(handler_names)" = "$1" ]
}

@test "SIGHUP brings a new handler at once and takes one away; pods that are there stay" {
    cp "$BATS_FILE_TMPDIR/config.toml" "$BATS_TEST_TMPDIR/before.toml"
    has_handlers " remap strict"
    printf '\n[handlers.late]\nshm-size = "2MiB"\n' >>"$BATS_FILE_TMPDIR/config.toml"
    kill -HUP "$(cat "$agent_dir/agent.pid")"
    wait_for 10 has_handlers " late remap strict"
    grep -q 'configuration read again: \[handlers.late is new\]' "$agent_dir/agent.log"
    pod=$(pod_of late newcomer)
    container=$(new_container "$pod" newcomer main)
    equal size=2048k "$(shm_size "$container")"
    # One that contradicts itself changes nothing.
    printf 'rlimits = ["NOFILE=9:2"]\n' >>"$BATS_FILE_TMPDIR/config.toml"
    kill -HUP "$(cat "$agent_dir/agent.pid")"
    wait_for 10 grep -q 'configuration not taken up, the old one stays: .*NOFILE' "$agent_dir/agent.log"
    has_handlers " late remap strict"
    cp "$BATS_TEST_TMPDIR/before.toml" "$BATS_FILE_TMPDIR/config.toml"
    kill -HUP "$(cat "$agent_dir/agent.pid")"
    wait_for 10 has_handlers " remap strict"
    grep -q 'handlers.late is gone' "$agent_dir/agent.log"
    run -1 pod_of late latecomer
    contains "$output" "is not a handler of this runtime"
    equal CONTAINER_RUNNING "$(container_state "$container")"
    inside "$container" true
}
