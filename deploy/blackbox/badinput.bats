#!/usr/bin/env bats
# Wrong requests and a host that fails: a clear error of the right kind, and nothing left.

load support
load one_agent

teardown() {
    remove_pods
    if mountpoint -q "$BATS_TEST_TMPDIR/small"; then
        umount "$BATS_TEST_TMPDIR/small"
    fi
}

# refused CODE TEXT command…: it fails with the gRPC code and the words.
refused() {
    local code=$1 text=$2
    shift 2
    run "$@"
    [ "$status" -ne 0 ]
    contains "$output" "code = $code"
    contains "$output" "$text"
}

create() {
    crictl create "$pod" "$(container_file one "$1")" "$BATS_TEST_TMPDIR/pod-$2.json"
}

nothing_in() {
    find "$@" -mindepth 1 2>/dev/null || true
}

@test "a sandbox that cannot be made leaves no network namespace, cgroup or file" {
    before=$(traces)
    refused InvalidArgument "kernel.hostname" \
        crictl runp "$(pod_file sysctl '.linux.sysctls = {"kernel.hostname": "x"}')"
    refused InvalidArgument "vm.swappiness" \
        crictl runp "$(pod_file sysctl '.linux.sysctls = {"vm.swappiness": "1"}')"
    refused InvalidArgument "../" \
        crictl runp "$(pod_file sysctl '.linux.sysctls = {"net.../../kernel.panic": "1"}')"
    refused InvalidArgument "net.ipv4.ip_forward" \
        crictl runp "$(pod_file sysctl '.linux = {sysctls: {"net.ipv4.ip_forward": "1"},
            security_context: {namespace_options: {network: 2}}}')"
    equal "" "$(crictl pods -q)"
    equal "" "$(nothing_in "$agent_dir/run/sandboxes")"
    equal "$before" "$(traces)"
}

# What this agent has on the host: network namespaces, cgroups, links.
traces() {
    local instance
    instance=$(agent_instance "$agent_dir")
    find /run/netns -name "*$instance*"
    find /sys/fs/cgroup -path "*carpel-$instance*" -type d
    ip -o link show master "cpl$(agent_instance "$instance")" 2>/dev/null || true
}

@test "a sysctl that the kernel refuses names key and value" {
    run crictl runp "$(pod_file sysctl '.linux.sysctls = {"net.ipv4.ip_unprivileged_port_start": "abc"}')"
    [ "$status" -ne 0 ]
    contains "$output" "net.ipv4.ip_unprivileged_port_start"
    contains "$output" "abc"
    equal "" "$(crictl pods -q)"
}

@test "an unknown runtime handler" {
    run crictl runp --runtime nosuch "$(pod_file handler)"
    [ "$status" -ne 0 ]
    contains "$output" "nosuch"
    equal "" "$(crictl pods -q)"
}

@test "a name that is taken is refused, with the id of who has it" {
    pod=$(new_pod same)
    refused AlreadyExists "$pod" crictl runp "$(pod_file same)"
    equal "$pod" "$(crictl pods -q)"
    first=$(create . same)
    refused AlreadyExists "$first" create . same
    equal "$first" "$(crictl ps -aq)"
}

@test "the same pod asked for twice at once is one pod, and both callers get it" {
    file=$(pod_file twin)
    crictl runp "$file" >"$BATS_TEST_TMPDIR/one" 2>"$BATS_TEST_TMPDIR/one.err" 3>&- &
    one=$!
    crictl runp "$file" >"$BATS_TEST_TMPDIR/two" 2>"$BATS_TEST_TMPDIR/two.err" 3>&- &
    two=$!
    ended=0
    wait $one || ended=$((ended + 1))
    wait $two || ended=$((ended + 1))
    equal 1 "$(crictl pods -q | wc -l)"
    pod=$(crictl pods -q)
    # They meet, or the later one comes when the first has its answer already.
    if [ $ended -eq 0 ]; then
        equal "$pod $pod" "$(cat "$BATS_TEST_TMPDIR/one") $(cat "$BATS_TEST_TMPDIR/two")"
    else
        equal 1 $ended
        contains "$(cat "$BATS_TEST_TMPDIR/one.err" "$BATS_TEST_TMPDIR/two.err")" "AlreadyExists"
    fi
}

@test "a program that does not exist is an error of the start, with its name" {
    pod=$(new_pod missing)
    container=$(create '.command = ["/no/such/program"]' missing)
    run crictl start "$container"
    [ "$status" -ne 0 ]
    contains "$output" "/no/such/program"
    contains "$output" "code = InvalidArgument"
    equal CONTAINER_EXITED "$(container_state "$container")"
    [ "$(exit_code "$container")" -ne 0 ]
}

@test "nothing to run at all is refused" {
    pod=$(new_pod nothing)
    image=example.test/carpel/nothing:latest
    crictl pull "$image"
    refused InvalidArgument "no command" create '.image.image = "'$image'" | del(.command)' nothing
    equal "" "$(crictl ps -aq)"
}

@test "users and groups that do not exist" {
    pod=$(new_pod users)
    refused InvalidArgument nosuchuser create '.linux.security_context.run_as_username = "nosuchuser"' users
    refused InvalidArgument run_as_group create '.linux.security_context.run_as_group.value = 5' users
    equal "" "$(crictl ps -aq)"
}

@test "capabilities and seccomp profiles that do not exist" {
    pod=$(new_pod security)
    refused InvalidArgument NO_SUCH_CAP \
        create '.linux.security_context.capabilities.add_capabilities = ["NO_SUCH_CAP"]' security
    refused NotFound /no/such/profile.json \
        create '.linux.security_context.seccomp = {profile_type: 2, localhost_ref: "/no/such/profile.json"}' security
    equal "" "$(crictl ps -aq)"
}

@test "mounts that cannot be" {
    pod=$(new_pod mounts)
    refused InvalidArgument relative create '.mounts = [{host_path: "/tmp", container_path: "relative"}]' mounts
    refused InvalidArgument container_path create '.mounts = [{host_path: "/tmp"}]' mounts
    touch "$BATS_TEST_TMPDIR/file"
    run create ".mounts = [{host_path: \"$BATS_TEST_TMPDIR/file/below\", container_path: \"/x\"}]" mounts
    [ "$status" -ne 0 ]
    contains "$output" "$BATS_TEST_TMPDIR/file/below"
    equal "" "$(crictl ps -aq)"
}

@test "a link in the image does not lead a mount onto the host" {
    target=$BATS_TEST_TMPDIR/host
    mkdir "$target" "$BATS_TEST_TMPDIR/source"
    touch "$BATS_TEST_TMPDIR/source/proof"
    pod=$(new_pod links)
    # /var/run is a link to /run in the image: the mount has to land in the container's /run.
    container=$(new_container "$pod" links one \
        ".mounts = [{host_path: \"$BATS_TEST_TMPDIR/source\", container_path: \"/var/run/x\"}]")
    inside "$container" ls /run/x/proof
    [ ! -e /run/x ]
}

@test "containers of pods that are unknown, stopped, or whose ids are ambiguous" {
    pod=$(new_pod stopped)
    crictl stopp "$pod"
    run create . stopped
    [ "$status" -ne 0 ]
    contains "$output" "${pod:0:12}"
    pod=0000000000000
    run create . stopped
    [ "$status" -ne 0 ]
    contains "$output" "code = NotFound"
    refused NotFound 0000000000000 crictl inspect 0000000000000
    refused NotFound 0000000000000 crictl inspectp 0000000000000
    refused NotFound 0000000000000 crictl exec -s 0000000000000 true
}

@test "starting twice, and exec in what does not run" {
    pod=$(new_pod order)
    container=$(create . order)
    run inside "$container" true
    [ "$status" -ne 0 ]
    crictl start "$container"
    refused FailedPrecondition "${container:0:12}" crictl start "$container"
    crictl stop --timeout 0 "$container"
    run inside "$container" true
    [ "$status" -ne 0 ]
}

@test "user namespaces that cannot be" {
    options='.linux.security_context.namespace_options'
    refused InvalidArgument "" \
        crictl runp "$(pod_file two "$options.userns_options = {mode: 0,
            uids: [{container_id: 0, host_id: 1000, length: 10}, {container_id: 10, host_id: 5000, length: 10}],
            gids: [{container_id: 0, host_id: 1000, length: 10}]}")"
    refused InvalidArgument "" \
        crictl runp "$(pod_file zero "$options.userns_options = {mode: 0,
            uids: [{container_id: 1, host_id: 1000, length: 10}],
            gids: [{container_id: 1, host_id: 1000, length: 10}]}")"
    equal "" "$(crictl pods -q)"
}

@test "unified keys that lead out of the cgroup" {
    pod=$(new_pod unified)
    run create '.linux.resources.unified = {"../../cgroup.procs": "1"}' unified
    [ "$status" -ne 0 ]
    contains "$output" "../../cgroup.procs"
    equal "" "$(crictl ps -aq)"
}

@test "a request with four megabytes of environment is taken or refused by name, never cut" {
    pod=$(new_pod large)
    file=$(container_file one)
    jq '.annotations = {"large": ("x" * 5000000)}' "$file" >"$file.large"
    container=$(crictl create "$pod" "$file.large" "$BATS_TEST_TMPDIR/pod-large.json")
    equal 5000000 "$(crictl inspect "$container" | jq '.status.annotations.large | length')"
}

@test "a full disk during unpacking" {
    small=$BATS_TEST_TMPDIR/small
    mkdir "$small"
    mount -t tmpfs -o size=3m tmpfs "$small"
    other=$BATS_TEST_TMPDIR/agent
    mkdir "$other"
    agent_start "$other" --state-dir "$small/state" --registries-conf "$CARPEL_TEST_REGISTRIES_CONF"
    agent_dir=$other run crictl pull "$busybox"
    left=$(agent_dir=$other crictl images -q)
    files=$(find "$small/state/images" -type f -size +4k)
    "$top/deploy/down" "$other"
    [ "$status" -ne 0 ]
    contains "$output" "code = ResourceExhausted"
    equal "" "$left"
    equal "" "$files"
}

@test "configuration: each wrong key with file and line" {
    file=$BATS_TEST_TMPDIR/config.toml
    printf '# first line\nstate-dri = "/x"\n' >"$file"
    run carpel serve --config "$file"
    [ "$status" -ne 0 ]
    contains "$output" "config.toml:2"
    contains "$output" "state-dri"
    contains "$output" "state-dir"
    printf '[log]\nlevel = "loud"\n' >"$file"
    run carpel serve --config "$file"
    [ "$status" -ne 0 ]
    contains "$output" "config.toml:2"
    contains "$output" "loud"
}
