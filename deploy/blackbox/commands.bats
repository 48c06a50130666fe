#!/usr/bin/env bats
# The command line: carpel run, ns, image, check, rm, version.

load support
load one_agent

setup_file() {
    start_agent
    export CARPEL_SOCKET=$agent_dir/carpel.sock
}

# manifest NAME [jq program]: a pod of one container that ends at once.
manifest() {
    jq -n --arg name "$1" --arg image "$busybox" '{
        apiVersion: "v1", kind: "Pod", metadata: {name: $name},
        spec: {restartPolicy: "Never", containers: [
            {name: "main", image: $image, command: ["true"]}]}
    } | '"${2:-.}" >"$BATS_TEST_TMPDIR/$1.json"
    printf '%s\n' "$BATS_TEST_TMPDIR/$1.json"
}

@test "run: pulls, passes on the log, gives the container's exit code, and cleans up" {
    run -7 --separate-stderr carpel run --rm "$(manifest seven \
        '.spec.containers[0].command = ["sh", "-c", "echo to be seen; exit 7"]')"
    contains "$output" "to be seen"
    equal "" "$(crictl pods -q)"
}

@test "run: init containers, volumes, environment, user and working directory" {
    run -0 --separate-stderr carpel run --rm "$(manifest full '
        .spec.volumes = [{name: "shared", emptyDir: {}}]
        | .spec.initContainers = [{name: "first", image: .spec.containers[0].image,
            command: ["sh", "-c", "echo from the first >/shared/note; chmod 644 /shared/note"],
            volumeMounts: [{name: "shared", mountPath: "/shared"}]}]
        | .spec.containers[0] += {
            command: ["sh", "-c", "cat /shared/note; echo $COLOUR; id -u; pwd"],
            env: [{name: "COLOUR", value: "green"}], workingDir: "/tmp",
            securityContext: {runAsUser: 1234},
            volumeMounts: [{name: "shared", mountPath: "/shared", readOnly: true}]}')"
    for expected in "from the first" green 1234 /tmp; do
        contains "$output" "$expected"
    done
}

@test "run: hostPID, hostNetwork, hostUsers and shareProcessNamespace" {
    run -0 --separate-stderr carpel run --rm "$(manifest host \
        '.spec.hostPID = true | .spec.hostNetwork = true
        | .spec.containers[0].command = ["sh", "-c", "cat /proc/1/comm; hostname; readlink /proc/self/ns/net"]')"
    contains "$output" "$(cat /proc/1/comm)"
    contains "$output" "$(hostname)"
    contains "$output" "$(readlink /proc/self/ns/net)"

    run -0 --separate-stderr carpel run --rm "$(manifest mapped \
        '.spec.hostUsers = false | .spec.containers[0].command = ["cat", "/proc/self/uid_map"]')"
    [[ ! $output =~ 0\ +0\ +4294967295 ]]

    run -0 --separate-stderr carpel run --rm "$(manifest shared \
        '.spec.shareProcessNamespace = true | .spec.containers[0].command = ["cat", "/proc/1/comm"]')"
    contains "$output" carpel
}

@test "run: a field that is not supported is named" {
    run carpel run --rm "$(manifest probe \
        '.spec.containers[0].livenessProbe = {exec: {command: ["true"]}}')"
    equal 125 "$status"
    contains "$output" livenessProbe
    run carpel run --rm "$(manifest typo '.spec.hostPid = true')"
    equal 125 "$status"
    contains "$output" hostPid
    equal "" "$(crictl pods -q)"
}

@test "run: an image that does not exist ends with one clear line, and nothing left" {
    run carpel run --rm "$(manifest absent '.spec.containers[0].image = "example.test/carpel/absent:1"')"
    equal 125 "$status"
    contains "$output" example.test/carpel/absent:1
    equal "" "$(crictl pods -q)"
}

@test "the examples run" {
    for example in "$top"/deploy/examples/*.yaml; do
        run -0 carpel run --detach "$example"
    done
    carpel rm --all --grace 0
    equal "" "$(crictl pods -q)"
}

@test "ns: who shares which namespace, with pids from outside and inside" {
    crictl pull "$busybox"
    pod=$(new_pod seen)
    one=$(new_container "$pod" seen one)
    new_container "$pod" seen two
    run -0 carpel ns --output json
    pid=$(host_pid "$one")
    equal "$pid" "$(jq -r --arg id "$one" '.pods[].containers[] | select(.id == $id) | .pid' <<<"$output")"
    equal "$(namespace_of "$pid" net)" \
        "$(jq -r --arg id "$one" '.pods[].containers[] | select(.id == $id) | .namespaces.net' <<<"$output")"
    run -0 carpel ns
    contains "$output" seen
    contains "$output" "$(namespace_of "$pid" ipc)"
}

@test "image: pull, list, rm" {
    carpel image pull "$busybox"
    run -0 carpel image list
    contains "$output" example.test/carpel/busybox
    carpel image rm "$busybox"
    run -0 carpel image list
    [[ $output != *carpel/busybox* ]]
}

@test "check says what this host can do" {
    run carpel check
    contains "$output" cgroup
    contains "$output" seccomp
}

@test "version needs no agent for its own half" {
    run -0 carpel version
    contains "$output" "$(crictl version | sed -n 's/^RuntimeVersion: *//p')"
    run carpel version --connect /nonexistent.sock
    contains "$output" client
}

@test "no agent: one line that says what to do" {
    run carpel image list --connect /nonexistent.sock
    equal 1 "$status"
    equal 1 "${#lines[@]}"
    contains "$output" "/nonexistent.sock"
}
