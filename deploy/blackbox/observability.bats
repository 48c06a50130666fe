#!/usr/bin/env bats
# What the agent tells about itself: metrics, recordings, its log.

load support
load one_agent

setup_file() {
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    printf 'log.format = "json"\n' >"$BATS_FILE_TMPDIR/config.toml"
    export port config=$BATS_FILE_TMPDIR/config.toml
    # Which classes it loads, to see what it does not need.
    CARPEL_JAVA_OPTS=-Xlog:class+load:file=$BATS_FILE_TMPDIR/classes \
        start_agent --config "$config" --metrics-listen "127.0.0.1:$port"
    crictl pull "$busybox"
}

scrape() {
    curl -fsS "http://127.0.0.1:$port/metrics"
}

# sample NAME{labels}: its value in the last scrape.
sample() {
    awk -v name="$1" '$0 !~ /^#/ { value = $NF; sub(/ [^ ]*$/, ""); if ($0 == name) print value }' <<<"$scraped"
}

@test "metrics count calls, launch steps, pulls, pods and containers" {
    pod=$(new_pod seen)
    new_container "$pod" seen main
    run crictl inspect 0123456789ab
    scraped=$(scrape)
    equal 1 "$(sample 'carpel_cri_call_seconds_count{code="OK",method="RunPodSandbox"}')"
    [ "$(sample 'carpel_cri_call_seconds_count{code="NOT_FOUND",method="ContainerStatus"}')" -ge 1 ]
    equal 1 "$(sample 'carpel_step_seconds_count{kind="sandbox",outcome="ok",step="attach the network"}')"
    equal 1 "$(sample 'carpel_step_seconds_count{kind="container",outcome="ok",step="start the process"}')"
    equal 1.0 "$(sample 'carpel_image_pulls_total{outcome="ok"}')"
    awk -v bytes="$(sample carpel_image_pull_bytes_total)" 'BEGIN { exit !(bytes > 100000) }'
    equal 0.0 "$(sample carpel_image_pulls_active)"
    equal 1.0 "$(sample 'carpel_pods{state="ready"}')"
    equal 1.0 "$(sample 'carpel_containers{state="running"}')"
    equal 0.0 "$(sample carpel_container_log_dropped_bytes_total)"
    contains "$scraped" 'jvm_memory_used_bytes{area="heap"'
    # Nothing of a pod: the number of series does not grow with pods.
    [[ $scraped != *"$pod"* && $scraped != *seen* ]]
    equal 404 "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/")"
    equal 405 "$(curl -s -o /dev/null -w '%{http_code}' -X POST "http://127.0.0.1:$port/metrics")"
}

@test "without a collector not one class for traces is loaded" {
    pod=$(new_pod untraced)
    new_container "$pod" untraced main
    grep -q ' io\.carpel\.agent\.metrics\.Observation ' "$BATS_FILE_TMPDIR/classes"
    run ! grep -E ' io\.(opentelemetry|carpel\.agent\.trace)\.' "$BATS_FILE_TMPDIR/classes"
}

teardown() {
    remove_pods
    # An agent of the test's own.
    if [ -n "${own:-}" ]; then
        "$top/deploy/down" "$own"
    fi
}

agent_log() {
    cat "$agent_dir/agent.log"
}

# logged PROGRAM: a line of the log for which the jq program holds.
logged() {
    [ -n "$(agent_log | jq -Rc "fromjson? | select($1)")" ]
}

hang_up() {
    kill -HUP "$(cat "$agent_dir/agent.pid")"
}

@test "a line of the log says which pod and container it is about, by name and id" {
    pod=$(new_pod named)
    container=$(new_container "$pod" named main)
    crictl stop --timeout 0 "$container"
    logged ".method == \"StopContainer\" and .code == \"OK\" and .container_id == \"$container\"
        and .container_name == \"main\" and .pod_name == \"named\" and .pod_namespace == \"test\"
        and .pod_uid == \"uid-named\" and .pod_id == \"$pod\""
    logged '.method == "RunPodSandbox" and .pod_name == "named"'
    # Every line is an object of its own.
    agent_log | tail -n +2 | jq -e .message >/dev/null
}

@test "SIGHUP changes the log at once, refuses nonsense, and never ends the agent" {
    pid=$(cat "$agent_dir/agent.pid")
    crictl version
    run ! logged '.level == "DEBUG"'
    printf 'log.format = "json"\nlog.level = "debug"\nbridge.name = "br1"\n' >"$config"
    hang_up
    wait_for 10 logged '.message | startswith("configuration read again: [log.level")
        and contains("; takes effect at the next start: [bridge.name")'
    crictl version
    wait_for 10 logged '.level == "DEBUG" and .method == "Version"'
    printf 'log.level = "loud"\n' >"$config"
    hang_up
    wait_for 10 logged '.message | startswith("configuration not taken up")'
    # Renamed as log rotation does, it is written anew.
    printf 'log.format = "json"\nlog.file = "%s"\n' "$BATS_TEST_TMPDIR/own.log" >"$config"
    hang_up
    wait_for 10 test -s "$BATS_TEST_TMPDIR/own.log"
    mv "$BATS_TEST_TMPDIR/own.log" "$BATS_TEST_TMPDIR/own.log.1"
    hang_up
    wait_for 10 test -s "$BATS_TEST_TMPDIR/own.log"
    equal "$pid" "$(cat "$agent_dir/agent.pid")"
    crictl version
}

@test "SIGHUP changes where images are pulled from, and names rules that cannot be read" {
    dir=$BATS_TEST_TMPDIR/rules
    mkdir -p "$dir"
    : >"$dir/none.conf"
    printf 'registries-conf = "%s"\n' "$dir/none.conf" >"$dir/config.toml"
    agent_start "$dir" --config "$dir/config.toml"
    pull=("$CARPEL_TEST_TOOLS/crictl" --config /dev/null --timeout 60s
        --image-endpoint "unix://$dir/carpel.sock" pull "$busybox")
    run -1 "${pull[@]}"
    printf 'registries-conf = "%s"\n' "$CARPEL_TEST_REGISTRIES_CONF" >"$dir/config.toml"
    kill -HUP "$(cat "$dir/agent.pid")"
    wait_for 10 grep -q 'configuration read again: \[registries-conf = ' "$dir/agent.log"
    "${pull[@]}"
    echo '[[registry]]' >"$dir/none.conf"
    printf 'registries-conf = "%s"\n' "$dir/none.conf" >"$dir/config.toml"
    carpel config check "$dir/config.toml" 2>"$dir/said" && return 1
    grep -q 'none.conf: a \[\[registry\]\] has neither' "$dir/said"
    kill -HUP "$(cat "$dir/agent.pid")"
    wait_for 10 grep -q 'pulls will fail: .*none.conf: a \[\[registry\]\] has neither' "$dir/agent.log"
    "$top/deploy/down" "$dir"
}

@test "SIGHUP changes which images are pinned, and what new pods and containers get" {
    dir=$BATS_TEST_TMPDIR/changing
    mkdir -p "$dir"
    printf 'image.pinned = []\n' >"$dir/config.toml"
    agent_start "$dir" --config "$dir/config.toml" --registries-conf "$CARPEL_TEST_REGISTRIES_CONF"
    own=$dir agent_dir=$dir
    crictl pull "$busybox"
    equal false "$(crictl inspecti "$busybox" | jq .status.pinned)"
    before=$(new_container "$(new_pod before)" before one)
    mkdir "$dir/devices"
    cat >"$dir/devices/x.yaml" <<'EOF'
cdiVersion: 0.5.0
kind: example.test/x
devices: [{name: y, containerEdits: {env: [GIVEN=1]}}]
EOF
    cat >"$dir/config.toml" <<EOF
image.pinned = ["example.test/carpel/*"]
pod.shm-size = "3MiB"
pod.missing-mount-source = "refuse"
cdi.spec-dirs = ["$dir/devices"]
security.default-capabilities = ["CHOWN"]
EOF
    kill -HUP "$(agent_pid "$dir")"
    wait_for 10 grep -q 'configuration read again: .*image.pinned = \["example.test/carpel/\*"\]' "$dir/agent.log"
    equal true "$(crictl inspecti "$busybox" | jq .status.pinned)"
    equal true "$(crictl images -o json | jq .images[0].pinned)"
    after=$(new_container "$(new_pod after)" after one '.CDI_devices = [{name: "example.test/x=y"}]')
    equal 65536 "$(inside "$before" df -k /dev/shm | awk '$NF == "/dev/shm" { print $2 }')"
    equal 3072 "$(inside "$after" df -k /dev/shm | awk '$NF == "/dev/shm" { print $2 }')"
    equal 0000000000000001 "$(awk '/^CapEff/ { print $2 }' "/proc/$(host_pid "$after")/status")"
    equal 1 "$(inside "$after" sh -c 'echo $GIVEN')"
    run crictl create "$(crictl pods -q --name after)" \
        "$(container_file two ".mounts = [{host_path: \"$dir/absent\", container_path: \"/x\"}]")" \
        "$BATS_TEST_TMPDIR/pod-after.json"
    [ "$status" -ne 0 ]
    contains "$output" "$dir/absent"
    [ ! -e "$dir/absent" ]
    # Nonsense leaves all of it as it is.
    printf 'image.pinned = ["a*b"]\n' >"$dir/config.toml"
    kill -HUP "$(agent_pid "$dir")"
    wait_for 10 grep -q "configuration not taken up, the old one stays: pinned image 'a\*b'" "$dir/agent.log"
    equal true "$(crictl inspecti "$busybox" | jq .status.pinned)"
}

@test "the journal is told each line's priority, and nobody else" {
    dir=$BATS_TEST_TMPDIR/journal
    mkdir -p "$dir"
    : >"$dir/agent.log"
    JOURNAL_STREAM=$(stat -c %d:%i "$dir/agent.log")
    export JOURNAL_STREAM
    agent_start "$dir" --registries-conf "$CARPEL_TEST_REGISTRIES_CONF"
    "$top/deploy/down" "$dir"
    run ! grep -vE '^<[4-7]>20[0-9-]+T' "$dir/agent.log"
    grep -qE '^<6>[^ ]+ INFO ServeProcess: carpel .* starts' "$dir/agent.log"
    # What it refuses to start with is an error there, too.
    printf 'log.level = "loud"\n' >"$BATS_TEST_TMPDIR/bad.toml"
    ! carpel serve --config "$BATS_TEST_TMPDIR/bad.toml" >>"$dir/agent.log" 2>&1
    grep -qE '^<3>carpel: .*log\.level' "$dir/agent.log"
    # Led elsewhere, its output is not the journal's, though the variable is inherited.
    ! carpel serve --config "$BATS_TEST_TMPDIR/bad.toml" >"$BATS_TEST_TMPDIR/other" 2>&1
    grep -qE '^carpel: .*log\.level' "$BATS_TEST_TMPDIR/other"
}
