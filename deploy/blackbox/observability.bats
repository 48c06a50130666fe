#!/usr/bin/env bats
# What the agent tells about itself: metrics, recordings, its log.

load support

setup_file() {
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    printf 'log.format = "json"\n' >"$BATS_FILE_TMPDIR/config.toml"
    export port config=$BATS_FILE_TMPDIR/config.toml
    start_agent --config "$config" --metrics-listen "127.0.0.1:$port"
    crictl pull "$busybox"
}

teardown_file() {
    stop_agent
}

teardown() {
    remove_pods
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
