#!/usr/bin/env bats
# Spans for a collector of OpenTelemetry.

load support

setup_file() {
    spans=$BATS_FILE_TMPDIR/spans
    : >"$spans"
    collector_start "$BATS_FILE_TMPDIR/collector" "$spans"
    port=$(cat "$BATS_FILE_TMPDIR/collector.port")
    export spans
    start_agent --traces-endpoint "http://127.0.0.1:$port"
    crictl pull "$busybox"
}

teardown_file() {
    stop_agent
    collector_stop "$BATS_FILE_TMPDIR/collector"
}

teardown() {
    remove_pods
}

# collector_start NAME FILE [hang]: NAME.port and NAME.pid tell where it is.
collector_start() {
    local name=$1
    shift
    python3 "$BATS_TEST_DIRNAME/otlp_collector.py" "$@" >"$name.port" 2>"$name.log" 3>&- &
    echo $! >"$name.pid"
    wait_for 10 test -s "$name.port"
}

collector_stop() {
    kill "$(cat "$1.pid")"
    wait "$(cat "$1.pid")" 2>/dev/null || true
}

# found PROGRAM: the spans for which the jq program holds, one a line.
found() {
    jq -c "select($1)" "$spans"
}

# one PROGRAM: the only such span, once it is there.
one() {
    wait_for 20 there "$1"
    found "$1" | jq -s 'if length == 1 then .[0] else error("\(length) of them") end'
}

there() {
    [ -n "$(found "$1")" ]
}

# steps SPAN: the names of its children, sorted by time of arrival.
steps() {
    found ".parent == $(jq .id <<<"$1")" | jq -r .name
}

# A pod by the command line, whose caller has a trace of its own.
pod_yaml() {
    cat >"$BATS_TEST_TMPDIR/pod.yaml" <<YAML
apiVersion: v1
kind: Pod
metadata: {name: $1}
spec:
  containers:
    - {name: main, image: "$busybox", command: ["true"]}
YAML
}

@test "a pod's calls belong to its caller's trace, and have their steps below them" {
    pod_yaml traced
    trace=4bf92f3577b34da6a3ce929d0e0e4736
    TRACEPARENT=00-$trace-00f067aa0ba902b7-01 carpel run --rm --connect "$agent_dir/carpel.sock" \
        "$BATS_TEST_TMPDIR/pod.yaml"
    run=$(one ".trace == \"$trace\" and .name == \"RuntimeService/RunPodSandbox\"")
    jq -e '.parent == "00f067aa0ba902b7" and .kind == 2 and (.error | not) and .nanos > 0
        and .attributes["k8s.pod.name"] == "traced"
        and .attributes["k8s.namespace.name"] == "default"
        and (.attributes["carpel.pod.id"] | length == 64)
        and .attributes["rpc.grpc.status_code"] == 0
        and .resource["service.name"] == "carpel"' <<<"$run"
    names=$(steps "$run")
    for step in "make the namespaces" "attach the network" "write its files"; do
        contains "$names" "$step"
    done
    create=$(one ".trace == \"$trace\" and .name == \"RuntimeService/CreateContainer\"")
    jq -e '.attributes["k8s.container.name"] == "main"
        and (.attributes["container.id"] | length == 64)' <<<"$create"
    contains "$(steps "$create")" "launch the process"
    # All of it is one trace.
    [ "$(found ".trace == \"$trace\"" | wc -l)" -ge 20 ]
}

@test "steps of containers that go with their pod lie below the pod's" {
    pod=$(new_pod going)
    new_container "$pod" going one
    new_container "$pod" going two
    crictl rmp -f "$pod"
    outer=$(one ".name == \"remove its containers\" and .attributes[\"carpel.pod.id\"] == \"$pod\"")
    equal 2 "$(steps "$outer" | grep -c 'remove its cgroup and its files')"
    call=$(one ".id == $(jq .parent <<<"$outer")")
    equal RuntimeService/RemovePodSandbox "$(jq -r .name <<<"$call")"
}

@test "a call that fails says why, and the step that failed" {
    run -1 crictl runp "$(pod_file broken '.linux.sysctls = {"net.ipv4.no_such": "1"}')"
    failed=$(one '.name == "RuntimeService/RunPodSandbox" and .error
        and .attributes["k8s.pod.name"] == "broken"')
    contains "$(jq -r .message <<<"$failed")" "no_such"
    differ 0 "$(jq '.attributes["rpc.grpc.status_code"]' <<<"$failed")"
    found ".parent == $(jq .id <<<"$failed") and .error" | grep -q .
    # To ask for what is not there is no failure.
    run crictl inspect 0123456789ab
    asked=$(one '.name == "RuntimeService/ContainerStatus"
        and .attributes["rpc.grpc.status_code"] == 5')
    equal false "$(jq .error <<<"$asked")"
}

@test "a pull has a span for each layer" {
    call=$(one '.name == "ImageService/PullImage" and .attributes["container.image.name"] != null')
    pull=$(one ".name == \"pull\" and .parent == $(jq .id <<<"$call")")
    layers=$(jq '.attributes["carpel.layers"]' <<<"$pull")
    [ "$layers" -ge 1 ]
    equal "$layers" "$(found ".parent == $(jq .id <<<"$pull")" | grep -c 'unpack a layer')"
}

@test "a collector that hangs or has gone holds nobody up, and is told of once" {
    dir=$BATS_TEST_TMPDIR/other
    collector_start "$BATS_TEST_TMPDIR/hang" "$BATS_TEST_TMPDIR/none" hang
    agent_start "$dir" --registries-conf "$CARPEL_TEST_REGISTRIES_CONF" --metrics-listen \
        127.0.0.1:0 --traces-endpoint "http://127.0.0.1:$(cat "$BATS_TEST_TMPDIR/hang.port")"
    for _ in {1..40}; do
        timeout 10 "$CARPEL_TEST_TOOLS/crictl" --config /dev/null \
            --runtime-endpoint "unix://$dir/carpel.sock" pods >/dev/null
    done
    # The delivery is given up after a while, and said to be, once.
    wait_for 30 grep -q 'traces do not reach' "$dir/agent.log"
    collector_stop "$BATS_TEST_TMPDIR/hang"
    timeout 10 "$CARPEL_TEST_TOOLS/crictl" --config /dev/null \
        --runtime-endpoint "unix://$dir/carpel.sock" pods >/dev/null
    # Nor does it hold up the end: after that, service managers would kill.
    timeout 15 "$top/deploy/down" "$dir"
    equal 1 "$(grep -c 'traces do not reach' "$dir/agent.log")"
    run ! grep -i opentelemetry "$dir/agent.log"
}
