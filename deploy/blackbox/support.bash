# shellcheck shell=bash
# For every black-box test: a real agent under a directory of the test file's own, and crictl.
# deploy/test has built and started what is shared; its variables begin with CARPEL_TEST_.

bats_require_minimum_version 1.5.0

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
for part in say packages jdk build agent registry expect; do
    # shellcheck source=/dev/null
    . "$top/deploy/lib/$part.sh"
done

busybox=example.test/carpel/busybox:latest

# Each file's own agent, started by setup_file and stopped by teardown_file.
# shellcheck disable=SC2034  # read by the test files
agent_dir=${BATS_FILE_TMPDIR:-}/agent

# start_agent [arguments of carpel serve…]
start_agent() {
    mkdir -p "$agent_dir"
    agent_start "$agent_dir" --registries-conf "$CARPEL_TEST_REGISTRIES_CONF" "$@"
}

stop_agent() {
    if [ "${BATS_TEST_COMPLETED:-1}" != 1 ] || [ -n "${CARPEL_TEST_KEEP_LOGS:-}" ]; then
        mkdir -p "$CARPEL_TEST_KEEP_LOGS"
        cp "$agent_dir/agent.log" "$CARPEL_TEST_KEEP_LOGS/$(basename "$BATS_TEST_FILENAME" .bats).log"
    fi
    "$top/deploy/down" "$agent_dir" >&2
}

crictl() {
    "$CARPEL_TEST_TOOLS/crictl" --config /dev/null --timeout 60s \
        --runtime-endpoint "unix://$agent_dir/carpel.sock" \
        --image-endpoint "unix://$agent_dir/carpel.sock" "$@"
}

carpel() {
    "$top/deploy/bin/carpel" "$@"
}

# pod_file NAME [jq program]: writes the configuration of a pod, and prints the file's name.
pod_file() {
    local file=$BATS_TEST_TMPDIR/pod-$1.json
    jq -n --arg name "$1" --arg log "$BATS_TEST_TMPDIR/log-$1" '{
        metadata: {name: $name, namespace: "test", uid: ("uid-" + $name), attempt: 0},
        log_directory: $log,
        linux: {}
    } | '"${2:-.}" >"$file"
    printf '%s\n' "$file"
}

# container_file NAME [jq program]: a container that waits, unless the program says otherwise.
container_file() {
    local file=$BATS_TEST_TMPDIR/container-$1.json
    jq -n --arg name "$1" --arg image "$busybox" '{
        metadata: {name: $name, attempt: 0},
        image: {image: $image},
        command: ["sh", "-c", "trap exit TERM; while :; do sleep 0.1; done"],
        log_path: ($name + ".log"),
        linux: {}
    } | '"${2:-.}" >"$file"
    printf '%s\n' "$file"
}

# new_pod NAME [jq program]: runs a pod and prints its id.
new_pod() {
    crictl runp "$(pod_file "$@")"
}

# new_container POD PODNAME NAME [jq program]: creates and starts; prints the id.
new_container() {
    local id
    id=$(crictl create "$1" "$(container_file "$3" "${4:-.}")" "$BATS_TEST_TMPDIR/pod-$2.json")
    crictl start "$id" >/dev/null
    printf '%s\n' "$id"
}

# inside CONTAINER command…: through ExecSync.
inside() {
    local id=$1
    shift
    crictl exec -s "$id" "$@"
}

host_pid() {
    crictl inspect -o go-template --template '{{.info.pid}}' "$1"
}

container_state() {
    crictl inspect -o go-template --template '{{.status.state}}' "$1"
}

exit_code() {
    crictl inspect -o go-template --template '{{.status.exitCode}}' "$1"
}

has_state() {
    [ "$(container_state "$1")" = "$2" ]
}

# All pods of the file's agent, after a test: the next one starts from nothing.
remove_pods() {
    crictl rmp -fa >/dev/null
    [ -z "$(crictl pods -q)" ]
    [ -z "$(crictl ps -aq)" ]
}
