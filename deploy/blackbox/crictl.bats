#!/usr/bin/env bats
# Each verb of crictl as an administrator types it.

load support
load one_agent

setup_file() {
    start_agent
}

@test "info says that the runtime and its network are ready" {
    run -0 crictl info
    equal true "$(jq -r '.status.conditions[] | select(.type == "RuntimeReady") | .status' <<<"$output")"
    equal true "$(jq -r '.status.conditions[] | select(.type == "NetworkReady") | .status' <<<"$output")"
    run -0 crictl version
    contains "$output" "RuntimeName:  carpel"
    contains "$output" "RuntimeApiVersion:  v1"
}

@test "pull, images, inspecti, rmi" {
    run -0 crictl pull "$busybox"
    run -0 crictl images -o json
    equal "$busybox" "$(jq -r '.images[].repoTags[]' <<<"$output" | grep -Fx "$busybox")"
    run -0 crictl inspecti "$busybox"
    id=$(jq -r .status.id <<<"$output")
    [[ $id =~ ^sha256:[0-9a-f]{64}$ ]]
    short=${id#sha256:}
    run -0 crictl inspecti "${short:0:13}"
    equal "$id" "$(jq -r .status.id <<<"$output")"
    run -0 crictl rmi "$busybox"
    run -0 crictl images -q
    [[ $output != *"$short"* ]]
    run crictl inspecti "$busybox"
    [ "$status" -ne 0 ]
}

@test "imagefsinfo tells where the images lie and how much they take" {
    crictl pull "$busybox"
    run -0 crictl imagefsinfo
    mountpoint=$(jq -r '.status.imageFilesystems[0].fsId.mountpoint' <<<"$output")
    [ -d "$mountpoint" ]
    [ "$(jq -r '.status.imageFilesystems[0].usedBytes.value | tonumber' <<<"$output")" -gt 1000000 ]
}

@test "a pod with a container: runp, create, start, ps, pods, exec, logs, stop, rm, stopp, rmp" {
    crictl pull "$busybox"
    pod=$(crictl runp "$(pod_file web '.labels = {app: "web"} | .annotations = {"a/b": "ü 1"}')")
    [[ $pod =~ ^[0-9a-f]{64}$ ]]
    equal "$pod" "$(crictl pods -q --state ready --label app=web)"

    container=$(crictl create "$pod" \
        "$(container_file main '.command = ["sh", "-c", "echo out; echo err >&2; exec sleep 1000"]')" \
        "$BATS_TEST_TMPDIR/pod-web.json")
    equal CONTAINER_CREATED "$(container_state "$container")"
    crictl start "$container"
    equal "$container" "$(crictl ps -q --pod "$pod")"
    equal CONTAINER_RUNNING "$(container_state "$container")"

    run -0 crictl inspectp "$pod"
    equal SANDBOX_READY "$(jq -r .status.state <<<"$output")"
    equal 'ü 1' "$(jq -r '.status.annotations."a/b"' <<<"$output")"
    [ -n "$(jq -r .status.network.ip <<<"$output")" ]

    run -0 inside "$container" sh -c 'echo in the container; hostname'
    contains "$output" "in the container"
    wait_for 5 log_has "$container" err
    run -0 crictl logs "$container"
    contains "$output" out
    contains "$output" err

    crictl stop --timeout 1 "$container"
    equal CONTAINER_EXITED "$(container_state "$container")"
    # It is not pid 1 of its namespace, so that SIGTERM ends it.
    equal 143 "$(exit_code "$container")"
    crictl rm "$container"
    run crictl inspect "$container"
    [ "$status" -ne 0 ]
    contains "$output" "NotFound"
    crictl stopp "$pod"
    equal SANDBOX_NOTREADY "$(crictl inspectp "$pod" | jq -r .status.state)"
    crictl rmp "$pod"
    equal "" "$(crictl pods -q)"
}

log_has() {
    crictl logs "$1" 2>&1 | grep -q "$2"
}

@test "ids may be cut short, and crictl prints them so" {
    crictl pull "$busybox"
    pod=$(new_pod short)
    container=$(new_container "$pod" short main)
    equal "$container" "$(crictl inspect "${container:0:13}" | jq -r .status.id)"
    run -0 inside "${container:0:13}" true
    crictl stop --timeout 0 "${container:0:13}"
    crictl rmp -f "${pod:0:13}"
}

@test "a second stop and a second removal are no errors" {
    crictl pull "$busybox"
    pod=$(new_pod twice)
    container=$(new_container "$pod" twice main)
    crictl stop --timeout 0 "$container"
    crictl stop --timeout 0 "$container"
    crictl rm "$container"
    crictl stopp "$pod"
    crictl stopp "$pod"
    crictl rmp "$pod"
}

@test "exit codes and signals come back as they were" {
    crictl pull "$busybox"
    pod=$(new_pod codes)
    for code in 0 3 255; do
        container=$(new_container "$pod" codes "exit-$code" ".command = [\"sh\", \"-c\", \"exit $code\"]")
        wait_for 10 has_state "$container" CONTAINER_EXITED
        equal "$code" "$(exit_code "$container")"
    done
    container=$(new_container "$pod" codes term '.command = ["sleep", "1000"]')
    crictl exec -s "$container" sh -c 'kill -s KILL $(pgrep -x sleep)'
    wait_for 10 has_state "$container" CONTAINER_EXITED
    equal 137 "$(exit_code "$container")"
}

@test "exec gives output, error output and exit code apart, in the container's own surroundings" {
    crictl pull "$busybox"
    pod=$(new_pod exec)
    container=$(new_container "$pod" exec main \
        '.envs = [{key: "COLOUR", value: "green"}] | .working_dir = "/var/tmp"
         | .linux.security_context.run_as_user.value = 1234')
    # crictl prints both, one after the other.
    run -0 inside "$container" sh -c 'echo $COLOUR; pwd; id -u; echo oops >&2'
    equal $'green\n/var/tmp\n1234\n\noops' "$output"
    run inside "$container" sh -c 'exit 7'
    [ "$status" -ne 0 ]
    contains "$output" "exited with 7"
}

@test "a command that outlives its time is killed, with its children" {
    crictl pull "$busybox"
    pod=$(new_pod patience)
    container=$(new_container "$pod" patience main '.command = ["sh", "-c", "exec tail -f /dev/null"]')
    run crictl exec -s --timeout 1 "$container" sh -c 'sleep 4321 & sleep 4322'
    [ "$status" -ne 0 ]
    contains "$output" "DeadlineExceeded"
    run -1 inside "$container" pgrep sleep
}

@test "update changes the limits of a running container" {
    crictl pull "$busybox"
    pod=$(new_pod limits)
    container=$(new_container "$pod" limits main \
        '.linux.resources = {memory_limit_in_bytes: 67108864, cpu_shares: 256}')
    crictl update --memory 134217728 --cpu-share 512 "$container"
    run -0 crictl inspect "$container"
    equal 134217728 "$(jq -r .status.resources.linux.memoryLimitInBytes <<<"$output")"
    equal 512 "$(jq -r .status.resources.linux.cpuShares <<<"$output")"
    group=$(memory_cgroup "$(host_pid "$container")")
    limit=$(cat "$group/memory.limit_in_bytes" 2>/dev/null || cat "$group/memory.max")
    equal 134217728 "$limit"
}

memory_cgroup() {
    local path
    path=$(sed -n 's/^[0-9]*:memory:\(.*\)/\1/p' "/proc/$1/cgroup")
    if [ -n "$path" ]; then
        printf '%s\n' "/sys/fs/cgroup/memory$path"
    else
        printf '%s\n' "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$1/cgroup")"
    fi
}

@test "ps and pods filter by name, state and label" {
    crictl pull "$busybox"
    pod=$(new_pod filter '.labels = {tier: "a"}')
    other=$(new_pod other '.labels = {tier: "b"}')
    container=$(new_container "$pod" filter main '.labels = {part: "x"}')
    new_container "$other" other main '.labels = {part: "y"}'
    equal "$container" "$(crictl ps -q --label part=x)"
    equal "$pod" "$(crictl pods -q --label tier=a)"
    equal "$other" "$(crictl pods -q --name other)"
    crictl stop --timeout 0 "$container"
    equal "" "$(crictl ps -q --label part=x)"
    equal "$container" "$(crictl ps -aq --state exited)"
}
