#!/usr/bin/env bats
# One pod hangs: in a network plugin, a dead file server, a frozen cgroup, its shim; or a registry
# falls silent. Everybody else is answered, it can be seen who hangs where, and nothing is left when
# the obstacle goes away.

load support

setup_file() {
    export faulty_address
    faulty_address=127.0.0.1:$(free_port)
    {
        cat "$CARPEL_TEST_REGISTRIES_CONF"
        printf '\n[[registry]]\nlocation = "%s"\ninsecure = true\n' "$faulty_address"
    } >"$BATS_FILE_TMPDIR/registries.conf"
    CARPEL_TEST_REGISTRIES_CONF=$BATS_FILE_TMPDIR/registries.conf
    mkdir -p "$BATS_FILE_TMPDIR/net.d" "$BATS_FILE_TMPDIR/plugins"
    hanging_plugin
    start_agent --cni-conf-dir "$BATS_FILE_TMPDIR/net.d" --cni-bin-dir "$BATS_FILE_TMPDIR/plugins"
    crictl pull "$busybox"
}

teardown_file() {
    stop_agent
}

setup() {
    healthy=$(new_pod healthy)
    neighbour=$(new_container "$healthy" healthy neighbour)
    if [ ! -e "$BATS_FILE_TMPDIR/usual" ]; then
        # The first time classes are loaded.
        serve_others
        begun=$(date +%s%3N)
        serve_others
        echo $(($(date +%s%3N) - begun)) >"$BATS_FILE_TMPDIR/usual"
    fi
}

teardown() {
    rm -f "$BATS_FILE_TMPDIR/hang" "$BATS_FILE_TMPDIR/net.d/10-test.conflist"
    for hung in "$BATS_TEST_TMPDIR"/fs*.pid; do
        [ ! -e "$hung" ] || let_go "${hung%.pid}"
    done
    if [ -n "${stopped:-}" ] && [ -e "/proc/$stopped" ]; then
        kill -CONT "$stopped"
    fi
    if [ -n "${faulty:-}" ]; then
        kill "$faulty"
        wait "$faulty" || true
    fi
    remove_pods
}

# A plugin that makes nothing, and hangs for the command that the file `hang` names.
hanging_plugin() {
    cat >"$BATS_FILE_TMPDIR/plugins/hanging" <<EOF
#!/bin/sh
while grep -qs "\$CNI_COMMAND" "$BATS_FILE_TMPDIR/hang"; do
    sleep 0.1
done
case \$CNI_COMMAND in
    ADD) echo '{"cniVersion": "1.0.0", "ips": [{"address": "192.0.2.7/24"}]}' ;;
    VERSION) echo '{"cniVersion": "1.0.0", "supportedVersions": ["1.0.0"]}' ;;
esac
EOF
    chmod +x "$BATS_FILE_TMPDIR/plugins/hanging"
}

use_hanging_plugin() {
    echo '{"cniVersion": "1.0.0", "name": "test", "plugins": [{"type": "hanging"}]}' \
        >"$BATS_FILE_TMPDIR/net.d/10-test.conflist"
    wait_for 10 network_is '"test"'
}

network_is() {
    crictl info | jq -c .cniconfig.network | grep -q "$1"
}

# A caller that does not wait for long.
hasty() {
    "$CARPEL_TEST_TOOLS/crictl" --config /dev/null --timeout "${limit:-8}s" \
        --runtime-endpoint "unix://$agent_dir/carpel.sock" \
        --image-endpoint "unix://$agent_dir/carpel.sock" "$@"
}

# in_background FILE arguments of crictl…: a caller that can be killed itself, its pid in $caller.
in_background() {
    local file=$1
    shift
    "$CARPEL_TEST_TOOLS/crictl" --config /dev/null --timeout 60s \
        --runtime-endpoint "unix://$agent_dir/carpel.sock" \
        --image-endpoint "unix://$agent_dir/carpel.sock" "$@" >"$file" 2>&1 3>&- &
    caller=$!
}

# Whatever asks about all pods, or works on another one, ends in time, and in about the time that it
# took before anything hung.
others_are_served() {
    local begun usual
    begun=$(date +%s%3N)
    serve_others
    took=$(($(date +%s%3N) - begun))
    usual=$(cat "$BATS_FILE_TMPDIR/usual")
    [ $took -le $((2 * usual + 1000)) ] || {
        echo "took $took ms, and $usual ms when nothing hung" >&2
        return 1
    }
    echo "# the others took $took ms, and $usual ms when nothing hung" >&3
}

serve_others() {
    contains "$(hasty info)" RuntimeReady
    contains "$(hasty pods -q)" "$healthy"
    contains "$(hasty ps -aq)" "$neighbour"
    hasty stats -o json >/dev/null
    hasty statsp -o json >/dev/null
    contains "$(hasty images -q)" ""
    equal CONTAINER_RUNNING "$(hasty inspect "$neighbour" | jq -r .status.state)"
    equal SANDBOX_READY "$(hasty inspectp "$healthy" | jq -r .status.state)"
    equal fine "$(hasty exec -s "$neighbour" echo fine)"
    local extra
    extra=$(hasty create "$healthy" "$(container_file "extra$RANDOM")" "$BATS_TEST_TMPDIR/pod-healthy.json")
    hasty start "$extra" >/dev/null
    hasty stop --timeout 0 "$extra" >/dev/null
    hasty rm "$extra" >/dev/null
}

# check_shows TEXT: once the step takes longer than it should.
check_shows() {
    wait_for 60 check_has "$1"
}

check_has() {
    carpel check --connect "$agent_dir/carpel.sock" | grep -qF "$1"
}

# pending POD|CONTAINER: what is being done to it.
pending() {
    { hasty inspectp "$1" 2>/dev/null || hasty inspect "$1"; } | jq -c '.info.pending // []'
}

pending_has() {
    pending "$1" | grep -qF "$2"
}

# hung_fs NAME [lookup]: mounts a file system that does not answer, below the test's directory.
hung_fs() {
    local place=$BATS_TEST_TMPDIR/$1
    mkdir "$place"
    python3 "$BATS_TEST_DIRNAME/hung_fs.py" "$place" "${@:2}" >"$place.log" 2>&1 3>&- &
    echo $! >"$place.pid"
    wait_for 10 grep -q mounted "$place.log"
}

# The server dies: whoever waits is told so.
let_go() {
    kill "$(cat "$1.pid")" 2>/dev/null || true
    umount -l "$1" 2>/dev/null || true
    rm -f "$1.pid"
}

slow_calls() {
    cat /proc/"$(agent_pid "$agent_dir")"/task/*/comm | grep -c '^slow call$' || true
}

no_slow_calls() {
    [ "$(slow_calls)" -eq 0 ]
}

cgroup_file() {
    local path
    path=$(crictl inspect "$1" | jq -r .info.runtimeSpec.linux.cgroupsPath)
    if [ -d "/sys/fs/cgroup/freezer$path" ]; then
        echo "/sys/fs/cgroup/freezer$path/freezer.state"
    else
        echo "/sys/fs/cgroup$path/cgroup.freeze"
    fi
}

freeze() {
    local file
    file=$(cgroup_file "$1")
    case $file in
        *.state) echo FROZEN >"$file" ;;
        *) echo 1 >"$file" ;;
    esac
}

thaw() {
    local file
    file=$(cgroup_file "$1")
    case $file in
        *.state) echo THAWED >"$file" ;;
        *) echo 0 >"$file" ;;
    esac
}

traces_of() {
    find /sys/fs/cgroup /run/netns "$agent_dir/run" "$agent_dir/state/containers" \
        -name "*${1:0:13}*" 2>/dev/null || true
}

shim_of() {
    awk '/^PPid:/ { print $2 }' "/proc/$(host_pid "$1")/status"
}

@test "a network plugin that hangs in ADD" {
    use_hanging_plugin
    echo ADD >"$BATS_FILE_TMPDIR/hang"
    before=$(date +%s)
    limit=4 run hasty runp "$(pod_file stuck)"
    [ "$status" -ne 0 ]
    [ $(($(date +%s) - before)) -le 15 ]
    rm "$BATS_FILE_TMPDIR/net.d/10-test.conflist"
    wait_for 10 network_is '"cpl'
    others_are_served
    check_shows "cni plugin hanging (ADD)"
    contains "$(carpel check --connect "$agent_dir/carpel.sock")" "test/stuck"
    # Whoever asks again joins the first call, and gets its result.
    rm "$BATS_FILE_TMPDIR/hang"
    pod=$(crictl runp "$BATS_TEST_TMPDIR/pod-stuck.json")
    equal 192.0.2.7 "$(crictl inspectp "$pod" | jq -r .status.network.ip)"
    run check_has "cni plugin hanging"
    [ "$status" -ne 0 ]
}

@test "a restart while a network plugin hangs answers at once, and leaves nothing half made" {
    use_hanging_plugin
    printf 'ADD DEL' >"$BATS_FILE_TMPDIR/hang"
    limit=4 run hasty runp "$(pod_file stuck)"
    [ "$status" -ne 0 ]
    kill -KILL "$(agent_pid "$agent_dir")"
    rm "$BATS_FILE_TMPDIR/net.d/10-test.conflist"
    before=$(date +%s)
    CARPEL_TEST_REGISTRIES_CONF=$BATS_FILE_TMPDIR/registries.conf
    start_agent --cni-conf-dir "$BATS_FILE_TMPDIR/net.d" --cni-bin-dir "$BATS_FILE_TMPDIR/plugins"
    [ $(($(date +%s) - before)) -le 20 ]
    others_are_served
    equal "$healthy" "$(crictl pods -q)"
    rm "$BATS_FILE_TMPDIR/hang"
    wait_for 30 has_no_attachments
}

has_no_attachments() {
    [ -z "$(ls "$agent_dir"/state/network/cni)" ]
}

@test "a network plugin that hangs in DEL" {
    use_hanging_plugin
    pod=$(new_pod stuck)
    rm "$BATS_FILE_TMPDIR/net.d/10-test.conflist"
    wait_for 10 network_is '"cpl'
    echo DEL >"$BATS_FILE_TMPDIR/hang"
    limit=4 run hasty stopp "$pod"
    [ "$status" -ne 0 ]
    contains "$output" DeadlineExceeded
    wait_for 10 pending_has "$pod" "detach the network: cni plugin hanging (DEL)"
    others_are_served
    check_shows "cni plugin hanging (DEL)"
    rm "$BATS_FILE_TMPDIR/hang"
    crictl stopp "$pod"
    crictl rmp "$pod"
    equal "" "$(traces_of "$pod")"
}

@test "mounts of a dead file server, more of them than there are processors" {
    hung_fs fs
    pod=$(new_pod stuck)
    for n in 1 2 3 4 5 6; do
        limit=4 hasty create "$pod" \
            "$(container_file "c$n" ".mounts = [{host_path: \"$BATS_TEST_TMPDIR/fs/$n\", container_path: \"/x\"}]")" \
            "$BATS_TEST_TMPDIR/pod-stuck.json" >"$BATS_TEST_TMPDIR/create-$n" 2>&1 3>&- &
        eval "caller$n=\$!"
    done
    wait_for 10 pending_has "$pod" "prepare the mounts: host path $BATS_TEST_TMPDIR/fs/6"
    others_are_served
    check_shows "host path $BATS_TEST_TMPDIR/fs/1"
    for n in 1 2 3 4 5 6; do
        caller=caller$n
        status=0
        wait "${!caller}" || status=$?
        [ "$status" -ne 0 ]
        contains "$(cat "$BATS_TEST_TMPDIR/create-$n")" DeadlineExceeded
    done
    # What hangs already is refused at once from then on, and costs no further thread.
    wait_for 40 refuses_at_once
    # One for each path, and one that asked again before it was known that the first hangs.
    [ "$(slow_calls)" -le 7 ]
    others_are_served
    hasty stopp "$pod"
    hasty rmp "$pod"
    equal "" "$(traces_of "$pod")"
    let_go "$BATS_TEST_TMPDIR/fs"
    wait_for 20 no_slow_calls
}

refuses_at_once() {
    hasty create "$pod" \
        "$(container_file again ".mounts = [{host_path: \"$BATS_TEST_TMPDIR/fs/1\", container_path: \"/x\"}]")" \
        "$BATS_TEST_TMPDIR/pod-stuck.json" 2>&1 | grep -q "code = Unavailable.*has not answered for"
}

@test "stopping a pod ends the creation of a container that hangs" {
    hung_fs fs
    pod=$(new_pod stuck)
    in_background "$BATS_TEST_TMPDIR/create" create "$pod" \
        "$(container_file one ".mounts = [{host_path: \"$BATS_TEST_TMPDIR/fs/x\", container_path: \"/x\"}]")" \
        "$BATS_TEST_TMPDIR/pod-stuck.json"
    wait_for 10 pending_has "$pod" "host path"
    limit=10 hasty stopp "$pod"
    status=0
    wait $caller || status=$?
    [ "$status" -ne 0 ]
    contains "$(cat "$BATS_TEST_TMPDIR/create")" "code = Canceled"
    hasty rmp "$pod"
    equal "" "$(traces_of "$pod")"
}

@test "a log directory on a dead file server" {
    hung_fs fs
    limit=4 run hasty runp "$(pod_file stuck ".log_directory = \"$BATS_TEST_TMPDIR/fs/logs\"")"
    [ "$status" -ne 0 ]
    others_are_served
    check_shows "log directory $BATS_TEST_TMPDIR/fs/logs"
    let_go "$BATS_TEST_TMPDIR/fs"
    wait_for 30 no_slow_calls
}

@test "seccomp profiles and archives on a dead file server" {
    hung_fs fs
    pod=$(new_pod stuck)
    in_background "$BATS_TEST_TMPDIR/create" create "$pod" "$(container_file one \
        ".linux.security_context.seccomp = {profile_type: 2, localhost_ref: \"$BATS_TEST_TMPDIR/fs/profile\"}")" \
        "$BATS_TEST_TMPDIR/pod-stuck.json"
    wait_for 10 pending_has "$pod" "settle the process: seccomp profile $BATS_TEST_TMPDIR/fs/profile"
    # More than there are processors.
    for n in 1 2 3 4; do
        "$top/deploy/bin/carpel" image export --connect "$agent_dir/carpel.sock" \
            --output "$BATS_TEST_TMPDIR/fs/$n.tar" "$busybox" >"$BATS_TEST_TMPDIR/export-$n" 2>&1 3>&- &
        eval "exporter$n=\$!"
    done
    wait_for 30 archives_are 4
    others_are_served
    for n in 1 2 3 4; do
        exporter=exporter$n
        kill "${!exporter}"
        wait "${!exporter}" || true
    done
    ended=0
    wait "$caller" || ended=$?
    [ "$ended" -ne 0 ]
    contains "$(cat "$BATS_TEST_TMPDIR/create")" "seccomp profile $BATS_TEST_TMPDIR/fs/profile"
    contains "$(cat "$BATS_TEST_TMPDIR/create")" DeadlineExceeded
    let_go "$BATS_TEST_TMPDIR/fs"
    wait_for 20 archives_are 0
    wait_for 20 no_slow_calls
    hasty rmp -f "$pod"
    equal "" "$(traces_of "$pod")"
}

archives_are() {
    [ "$(cat /proc/"$(agent_pid "$agent_dir")"/task/*/comm | grep -c '^archive$')" -eq "$1" ]
}

@test "a process that hangs in the kernel is stopped when it is let go, and not before" {
    hung_fs fs lookup
    pod=$(new_pod stuck)
    container=$(new_container "$pod" stuck one \
        ".mounts = [{host_path: \"$BATS_TEST_TMPDIR/fs\", container_path: \"/x\"}]
        | .command = [\"sh\", \"-c\", \"sleep 0.3; exec cat /x/file\"]")
    wait_for 20 grep -q "somebody waits" "$BATS_TEST_TMPDIR/fs.log"
    limit=4 run hasty stop --timeout 0 "$container"
    [ "$status" -ne 0 ]
    contains "$output" DeadlineExceeded
    equal CONTAINER_RUNNING "$(container_state "$container")"
    wait_for 10 pending_has "$container" "wait for its end after SIGKILL"
    others_are_served
    check_shows "wait for its end after SIGKILL"
    let_go "$BATS_TEST_TMPDIR/fs"
    wait_for 20 has_state "$container" CONTAINER_EXITED
    equal 137 "$(exit_code "$container")"
    hasty rmp -f "$pod"
    equal "" "$(traces_of "$container")"
}

@test "a registry that falls silent" {
    python3 "$BATS_TEST_DIRNAME/faulty_registry.py" hang "$CARPEL_TEST_REGISTRY" \
        "$faulty_address" >"$BATS_TEST_TMPDIR/faulty.log" 2>&1 3>&- &
    faulty=$!
    wait_for 10 curl -fsS -o /dev/null "http://$faulty_address/v2/"
    # As the kubelet does, it names the pod that waits for the image.
    pod=$(new_pod stuck)
    in_background "$BATS_TEST_TMPDIR/pull" pull --pod-config "$BATS_TEST_TMPDIR/pod-stuck.json" \
        "$faulty_address/e2e-test-images/nginx:1.14-2"
    wait_for 10 pending_has "$pod" "download layer"
    equal '"pull"' "$(pending "$pod" | jq '.[0].call')"
    others_are_served
    check_shows "sandbox test/stuck (uid uid-stuck, attempt 0): pull is stuck: download layer"
    check_shows "image $faulty_address/e2e-test-images/nginx:1.14-2: pull is stuck: download layer"
    others_are_served
    crictl pull "$busybox"
    kill $caller
    wait $caller || true
    wait_for 20 no_pull
    equal '[]' "$(pending "$pod")"
}

no_pull() {
    ! carpel check --connect "$agent_dir/carpel.sock" | grep -q pull
}

@test "an exec in a frozen container" {
    pod=$(new_pod stuck)
    container=$(new_container "$pod" stuck one)
    freeze "$container"
    run hasty exec -s --timeout 1 "$container" true
    [ "$status" -ne 0 ]
    contains "$output" DeadlineExceeded
    in_background "$BATS_TEST_TMPDIR/exec" exec -s "$container" sleep 1000
    wait_for 10 pending_has "$container" "start command sleep"
    others_are_served
    check_shows "start command sleep"
    thaw "$container"
    wait_for 10 pending_has "$container" "wait for command sleep"
    # Whoever asked has gone: so does the command.
    kill $caller
    wait $caller || true
    wait_for 10 nothing_runs "sleep 1000"
    equal fine "$(inside "$container" echo fine)"
}

nothing_runs() {
    ! inside "$container" ps -o args | grep -qx "$1"
}

@test "a frozen container can be stopped" {
    pod=$(new_pod stuck)
    for timeout in 0 1; do
        container=$(new_container "$pod" stuck "one$timeout")
        freeze "$container"
        others_are_served
        hasty stop --timeout $timeout "$container"
        equal CONTAINER_EXITED "$(container_state "$container")"
        [ "$(exit_code "$container")" -ne 0 ]
        hasty rm "$container"
        equal "" "$(traces_of "$container")"
    done
}

@test "a shim that hangs" {
    pod=$(new_pod stuck)
    container=$(new_container "$pod" stuck one)
    stopped=$(shim_of "$container")
    kill -STOP "$stopped"
    others_are_served
    run hasty exec -s --timeout 1 "$container" true
    [ "$status" -ne 0 ]
    contains "$output" DeadlineExceeded
    equal CONTAINER_RUNNING "$(container_state "$container")"
    limit=40 hasty stop --timeout 1 "$container"
    equal CONTAINER_EXITED "$(container_state "$container")"
    hasty rm "$container"
    kill -CONT "$stopped"
    wait_for 10 test ! -e "/proc/$stopped"
    equal "" "$(traces_of "$container")"
}

@test "a restart while a shim hangs kills nothing, and finds out later" {
    pod=$(new_pod stuck)
    container=$(new_container "$pod" stuck one)
    init=$(host_pid "$container")
    stopped=$(shim_of "$container")
    kill -STOP "$stopped"
    kill -KILL "$(agent_pid "$agent_dir")"
    CARPEL_TEST_REGISTRIES_CONF=$BATS_FILE_TMPDIR/registries.conf
    start_agent --cni-conf-dir "$BATS_FILE_TMPDIR/net.d" --cni-bin-dir "$BATS_FILE_TMPDIR/plugins"
    equal CONTAINER_UNKNOWN "$(container_state "$container")"
    others_are_served
    kill -CONT "$stopped"
    wait_for 20 has_state "$container" CONTAINER_RUNNING
    equal "$init" "$(host_pid "$container")"
    equal fine "$(inside "$container" echo fine)"
    hasty stop --timeout 0 "$container"
    equal CONTAINER_EXITED "$(container_state "$container")"
}
