#!/usr/bin/env bats
# The verbs of crictl that no other file is about: what they print, and what they leave.

load support
load one_agent

@test "runtime-config tells the cgroup driver" {
    run -0 crictl runtime-config
    contains "$output" CGROUPFS
    run -0 crictl update-runtime-config --pod-cidr ''
}

@test "stats, statsp and metricsp speak of the containers and pods that run" {
    pod=$(new_pod numbers)
    container=$(new_container "$pod" numbers main)
    run -0 crictl stats -o json "$container"
    equal "$container" "$(jq -r '.stats[].attributes.id' <<<"$output")"
    [ "$(jq -r '.stats[].memory.workingSetBytes.value | tonumber' <<<"$output")" -gt 0 ]
    run -0 crictl statsp -o json "$pod"
    equal "$pod" "$(jq -r '.stats[].attributes.id' <<<"$output")"
    [ "$(jq -r '.stats[].linux.process.processCount.value | tonumber' <<<"$output")" -gt 0 ]
    run -0 crictl metricdescs
    contains "$output" container_memory_working_set_bytes
    run -0 crictl metricsp
    equal "$pod" "$(jq -r '.podMetrics[].podSandboxId' <<<"$output")"
}

@test "events tell of a container's life" {
    crictl events -o json >"$BATS_TEST_TMPDIR/events" 3>&- &
    watcher=$!
    # A stream begins at some moment after it was asked for.
    wait_for 20 event_seen
    pod=$(new_pod told)
    container=$(new_container "$pod" told main)
    crictl rm -f "$container"
    for kind in CREATED STARTED STOPPED DELETED; do
        wait_for 20 tells "$container" "CONTAINER_${kind}_EVENT"
    done
    kill "$watcher"
}

event_seen() {
    crictl rmp -f "$(new_pod "first-$RANDOM")" >/dev/null
    [ -s "$BATS_TEST_TMPDIR/events" ]
}

tells() {
    jq -r "select(.containerId == \"$1\") | .containerEventType" "$BATS_TEST_TMPDIR/events" | grep -qx "$2"
}

@test "checkpoint says in words that it does not exist" {
    pod=$(new_pod still)
    container=$(new_container "$pod" still main)
    run crictl checkpoint --export "$BATS_TEST_TMPDIR/checkpoint.tar" "$container"
    [ "$status" -ne 0 ]
    contains "$output" Unimplemented
    [ ! -e "$BATS_TEST_TMPDIR/checkpoint.tar" ]
}

@test "rmi --prune removes what no container uses" {
    crictl pull example.test/carpel/zstd:latest
    pod=$(new_pod prune)
    new_container "$pod" prune main
    crictl rmi --prune
    run -0 crictl images -o json
    equal "$busybox" "$(jq -r '.images[].repoTags[]' <<<"$output")"
}

@test "rm -f, stopp and rmp -a take everything away" {
    first=$(new_pod one)
    second=$(new_pod two)
    container=$(new_container "$first" one main)
    new_container "$second" two main
    crictl rm -f "$container"
    run crictl inspect "$container"
    [ "$status" -ne 0 ]
    crictl stopp "$first" "$second"
    equal "" "$(crictl pods -q --state ready)"
    equal "" "$(crictl ps -q)"
    crictl rmp -a
    equal "" "$(crictl pods -q)"
    equal "" "$(crictl ps -aq)"
}

@test "run makes a pod and a container in one go" {
    run -0 --separate-stderr crictl run --no-pull "$(container_file main '.command = ["sh", "-c", "echo in one go"]')" \
        "$(pod_file once)"
    container=$output
    wait_for 20 has_state "$container" CONTAINER_EXITED
    equal "in one go" "$(crictl logs "$container")"
    equal "$(crictl pods -q --no-trunc)" "$(crictl inspect "$container" | jq -r .info.sandboxID)"
}

# VERB FILE TEST: for each verb a test that is about it. Those of crictl alone ask no runtime.
verbs() {
    cat <<'END'
attach streams several clients attach, and the one with input ends it
checkpoint verbs checkpoint says in words that it does not exist
completion - of crictl alone
config - of crictl alone
create crictl a pod with a container: runp, create, start, ps, pods, exec, logs, stop, rm, stopp, rmp
events verbs events tell of a container's life
exec streams exec keeps output, error output and exit code apart
help - of crictl alone
imagefsinfo crictl imagefsinfo tells where the images lie and how much they take
images crictl pull, images, inspecti, rmi
info crictl info says that the runtime and its network are ready
inspect crictl ids may be cut short, and crictl prints them so
inspecti crictl pull, images, inspecti, rmi
inspectp crictl a pod with a container: runp, create, start, ps, pods, exec, logs, stop, rm, stopp, rmp
logs logs logs -f follows across a rotation
metricdescs verbs stats, statsp and metricsp speak of the containers and pods that run
metricsp verbs stats, statsp and metricsp speak of the containers and pods that run
pods crictl ps and pods filter by name, state and label
port-forward streams port-forward carries a gibibyte each way
ps crictl ps and pods filter by name, state and label
pull crictl pull, images, inspecti, rmi
rm crictl a second stop and a second removal are no errors
rmi crictl pull, images, inspecti, rmi
rmp crictl a second stop and a second removal are no errors
run verbs run makes a pod and a container in one go
runp crictl a pod with a container: runp, create, start, ps, pods, exec, logs, stop, rm, stopp, rmp
runtime-config verbs runtime-config tells the cgroup driver
start crictl a pod with a container: runp, create, start, ps, pods, exec, logs, stop, rm, stopp, rmp
stats verbs stats, statsp and metricsp speak of the containers and pods that run
statsp verbs stats, statsp and metricsp speak of the containers and pods that run
stop crictl a second stop and a second removal are no errors
stopp crictl a second stop and a second removal are no errors
update crictl update changes the limits of a running container
update-runtime-config verbs runtime-config tells the cgroup driver
version crictl info says that the runtime and its network are ready
END
}

# body FILE TEST: what stands between the test's braces.
body() {
    awk -v head="@test \"$2\" {" '$0 == head { on = 1; next } on && $0 == "}" { exit } on' \
        "$BATS_TEST_DIRNAME/$1.bats"
}

@test "every verb of this crictl has a test that is about it" {
    equal "$(crictl --help | sed -n '/^COMMANDS:/,/^GLOBAL OPTIONS:/s/^   \([a-z-]*\)[, ].*/\1/p' | LC_ALL=C sort)" \
        "$(verbs | cut -d' ' -f1)"
    while read -r verb file test; do
        [ "$file" != - ] || continue
        body=$(body "$file" "$test")
        case $verb in
            port-forward) contains "$body" " forward " ;;
            *) contains "$body" "crictl $verb" ;;
        esac
        case $verb in
            attach | exec | port-forward) contains "$body" "for transport in spdy websocket" ;;
        esac
    done < <(verbs)
}
