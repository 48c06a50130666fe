#!/usr/bin/env bats
# Who shares which namespace, looked at from inside the containers and from the host.

load support
load one_agent

# options POD: a jq program that gives pods and containers the same namespace options.
options() {
    printf '.linux.security_context.namespace_options = {%s}' "$1"
}

@test "two containers of a pod share network, IPC and UTS, and have mounts of their own" {
    pod=$(new_pod shared)
    one=$(host_pid "$(new_container "$pod" shared one)")
    two=$(host_pid "$(new_container "$pod" shared two)")
    for kind in net ipc uts; do
        equal "$(namespace_of "$one" $kind)" "$(namespace_of "$two" $kind)"
        differ "$(namespace_of "$one" $kind)" "$(namespace_of $$ $kind)"
    done
    differ "$(namespace_of "$one" mnt)" "$(namespace_of "$two" mnt)"
    equal "$(namespace_of "$one" user)" "$(namespace_of $$ user)"
}

@test "who is not root listens on any port of his pod, unless the pod says otherwise" {
    user='.linux.security_context.run_as_user = {value: 1000}
        | .linux.security_context.capabilities.drop_capabilities = ["ALL"]'
    pod=$(new_pod ports)
    container=$(new_container "$pod" ports one "$user")
    inside "$container" httpd -p 127.0.0.1:80
    equal "0 2147483647" "$(inside "$container" cat /proc/sys/net/ipv4/ping_group_range | xargs)"
    pod=$(new_pod strict '.linux.sysctls = {"net.ipv4.ip_unprivileged_port_start": "81"}')
    container=$(new_container "$pod" strict two "$user")
    inside "$container" httpd -p 127.0.0.1:81
    run inside "$container" httpd -p 127.0.0.1:80
    [ "$status" -ne 0 ]
    contains "$output" "Permission denied"
}

@test "two pods share nothing" {
    first=$(new_pod first)
    second=$(new_pod second)
    one=$(host_pid "$(new_container "$first" first one)")
    two=$(host_pid "$(new_container "$second" second two)")
    for kind in net ipc uts mnt pid; do
        differ "$(namespace_of "$one" $kind)" "$(namespace_of "$two" $kind)"
    done
}

@test "a container's parent on the host is the shim, and the shim outlives nothing" {
    pod=$(new_pod parent)
    container=$(new_container "$pod" parent one "$(options 'pid: 1')")
    pid=$(host_pid "$container")
    shim=$(ps -o ppid= -p "$pid" | tr -d ' ')
    equal carpel-shim "$(cat "/proc/$shim/comm")"
    crictl stop --timeout 0 "$container"
    crictl rm "$container"
    wait_for 5 gone "$shim"
}

gone() {
    [ ! -e "/proc/$1" ]
}

@test "pid CONTAINER: the command is pid 1 and sees no other container" {
    pod=$(new_pod own "$(options 'pid: 1')")
    one=$(new_container "$pod" own one "$(options 'pid: 1')")
    two=$(new_container "$pod" own two "$(options 'pid: 1')")
    differ "$(namespace_of "$(host_pid "$one")" pid)" "$(namespace_of "$(host_pid "$two")" pid)"
    run -0 inside "$one" cat /proc/1/cmdline
    contains "${output//$'\0'/ }" "trap exit TERM"
    equal 1 "$(awk '/^NSpid/ { print $NF }' "/proc/$(host_pid "$one")/status")"
}

@test "pid POD: one namespace, a reaper as pid 1, neighbours are seen and signalled" {
    pod=$(new_pod together "$(options 'pid: 0')")
    one=$(new_container "$pod" together one "$(options 'pid: 0')")
    two=$(new_container "$pod" together two '.command = ["sleep", "4711"] | '"$(options 'pid: 0')")
    equal "$(namespace_of "$(host_pid "$one")" pid)" "$(namespace_of "$(host_pid "$two")" pid)"
    # A pid inside that is not 1, and another one outside.
    read -r outside within <<<"$(awk '/^NSpid/ { print $2, $NF }' "/proc/$(host_pid "$two")/status")"
    equal "$(host_pid "$two")" "$outside"
    [ "$within" -gt 1 ]
    run -0 inside "$one" cat /proc/1/comm
    contains "$output" carpel
    equal "$within" "$(inside "$one" pgrep -xf "sleep 4711")"
    inside "$one" kill -s KILL "$within"
    wait_for 10 has_state "$two" CONTAINER_EXITED
    equal 137 "$(exit_code "$two")"
}

@test "pid POD: orphans are reaped" {
    pod=$(new_pod orphans "$(options 'pid: 0')")
    container=$(new_container "$pod" orphans one "$(options 'pid: 0')")
    inside "$container" sh -c '(sh -c "sleep 0.2 &"); true'
    wait_for 10 no_zombies "$container"
}

no_zombies() {
    [ -z "$(inside "$1" sh -c 'grep -hs "^State:.*zombie" /proc/[0-9]*/status || true')" ]
}

@test "pid NODE: the host's processes are seen and may be signalled" {
    sleep 4242 &
    victim=$!
    pod=$(new_pod host "$(options 'pid: 2')")
    container=$(new_container "$pod" host one "$(options 'pid: 2')")
    equal "$(namespace_of $$ pid)" "$(namespace_of "$(host_pid "$container")" pid)"
    contains "$(inside "$container" cat "/proc/$victim/cmdline" | tr '\0' ' ')" "sleep 4242"
    inside "$container" kill -s KILL "$victim"
    wait_for 5 killed "$victim"
}

killed() {
    local status=0
    wait "$1" || status=$?
    [ "$status" -eq 137 ]
}

@test "pid TARGET: a debug container joins another one's processes" {
    pod=$(new_pod debug "$(options 'pid: 1')")
    target=$(new_container "$pod" debug target '.command = ["sleep", "1111"] | '"$(options 'pid: 1')")
    helper=$(new_container "$pod" debug helper "$(options "pid: 3, target_id: \"$target\"")")
    equal "$(namespace_of "$(host_pid "$target")" pid)" "$(namespace_of "$(host_pid "$helper")" pid)"
    run -0 inside "$helper" cat /proc/1/cmdline
    contains "${output//$'\0'/ }" "sleep"
}

@test "network NODE: the host's network and its host name" {
    pod=$(new_pod node "$(options 'network: 2')")
    container=$(new_container "$pod" node one "$(options 'network: 2')")
    pid=$(host_pid "$container")
    equal "$(namespace_of $$ net)" "$(namespace_of "$pid" net)"
    equal "$(namespace_of $$ uts)" "$(namespace_of "$pid" uts)"
    equal "$(hostname)" "$(inside "$container" hostname)"
}

@test "network POD: own interfaces, own host name, found by ip netns" {
    pod=$(new_pod net '.hostname = "pod-host"')
    container=$(new_container "$pod" net one)
    equal pod-host "$(inside "$container" hostname)"
    equal pod-host "$(inside "$container" cat /etc/hostname)"
    contains "$(inside "$container" cat /etc/hosts)" pod-host
    equal up "$(inside "$container" cat /sys/class/net/lo/operstate | sed s/unknown/up/)"
    address=$(crictl inspectp "$pod" | jq -r .status.network.ip)
    contains "$(inside "$container" ip -4 -o addr show dev eth0)" "$address/"
    name=$(netns_of "$(host_pid "$container")")
    contains "$name" carpel
    contains "$(ip netns exec "$name" ip -4 -o addr)" "$address/"
}

netns_of() {
    ip netns identify "$1"
}

@test "ipc POD: shared memory, semaphores, queues and /dev/shm cross containers but not pods" {
    pod=$(new_pod ipc)
    other=$(new_pod ipc-other)
    before=$(ipcs)
    one=$(new_container "$pod" ipc one)
    two=$(new_container "$pod" ipc two)
    stranger=$(new_container "$other" ipc-other three)
    for kind in -M -Q -S; do
        make=(ipcmk "$kind" 1)
        [ $kind != -Q ] || make=(ipcmk -Q)
        nsenter -t "$(host_pid "$one")" -i "${make[@]}"
    done
    for kind in m q s; do
        equal 1 "$(inside "$two" ipcs -$kind | grep -c '^0x')"
        equal 0 "$(inside "$stranger" ipcs -$kind | grep -c '^0x' || true)"
    done
    equal "$before" "$(ipcs)"
    inside "$one" sh -c 'echo shared >/dev/shm/note'
    equal shared "$(inside "$two" cat /dev/shm/note)"
    run -1 inside "$stranger" cat /dev/shm/note
    [ ! -e /dev/shm/note ]
}

@test "ipc NODE: the host's shared memory and its /dev/shm" {
    pod=$(new_pod hostipc "$(options 'ipc: 2')")
    container=$(new_container "$pod" hostipc one "$(options 'ipc: 2')")
    equal "$(namespace_of $$ ipc)" "$(namespace_of "$(host_pid "$container")" ipc)"
    name=carpel-test-$$
    inside "$container" touch "/dev/shm/$name"
    [ -e "/dev/shm/$name" ]
    rm "/dev/shm/$name"
}

# 0 → 200000, 65536 ids: beyond what a host's own accounts use.
mapping='userns_options: {mode: 0, uids: [{container_id: 0, host_id: 200000, length: 65536}],
    gids: [{container_id: 0, host_id: 200000, length: 65536}]}'

@test "userns POD: root inside is nobody outside, and owns network, IPC and UTS" {
    pod=$(new_pod mapped "$(options "$mapping")")
    one=$(new_container "$pod" mapped one "$(options "$mapping")")
    two=$(new_container "$pod" mapped two "$(options "$mapping")")
    pid=$(host_pid "$one")
    equal "$(namespace_of "$pid" user)" "$(namespace_of "$(host_pid "$two")" user)"
    differ "$(namespace_of "$pid" user)" "$(namespace_of $$ user)"
    equal "0 200000 65536" "$(awk '{ print $1, $2, $3 }' "/proc/$pid/uid_map")"
    equal "0 200000 65536" "$(inside "$one" cat /proc/self/uid_map | awk 'NF { print $1, $2, $3 }')"
    equal 0 "$(inside "$one" id -u)"
    equal 200000 "$(ps -o uid= -p "$pid" | tr -d ' ')"
    # Root of the user namespace may change what belongs to it: an address in the pod's network.
    nsenter -t "$pid" -U -S 0 -G 0 -n ip addr add 192.0.2.1/32 dev lo
    contains "$(inside "$one" ip -4 -o addr show dev lo)" 192.0.2.1
    # Its files look like root's, without having been copied or chowned.
    equal 0 "$(inside "$one" stat -c %u /bin/busybox)"
    inside "$one" touch /root/made-inside
    equal 0 "$(inside "$one" stat -c %u /root/made-inside)"
}

@test "userns POD: a directory of the host's root cannot be written" {
    mkdir -m 0755 "$BATS_TEST_TMPDIR/owned"
    echo untouched >"$BATS_TEST_TMPDIR/owned/file"
    pod=$(new_pod refused "$(options "$mapping")")
    container=$(new_container "$pod" refused one "$(options "$mapping")
        | .mounts = [{host_path: \"$BATS_TEST_TMPDIR/owned\", container_path: \"/owned\"}]")
    equal untouched "$(inside "$container" cat /owned/file)"
    run -1 inside "$container" sh -c 'echo changed >/owned/file'
    contains "$output" "Permission denied"
    equal untouched "$(cat "$BATS_TEST_TMPDIR/owned/file")"
}

@test "userns POD: a volume with the pod's own mapping belongs to root inside" {
    mkdir "$BATS_TEST_TMPDIR/volume"
    maps='[{container_id: 0, host_id: 200000, length: 65536}]'
    pod=$(new_pod volume "$(options "$mapping")")
    container=$(new_container "$pod" volume one "$(options "$mapping")
        | .mounts = [{host_path: \"$BATS_TEST_TMPDIR/volume\", container_path: \"/volume\",
            uidMappings: $maps, gidMappings: $maps}]")
    inside "$container" sh -c 'echo mine >/volume/file'
    equal 0 "$(stat -c %u "$BATS_TEST_TMPDIR/volume/file")"
    equal 0 "$(inside "$container" stat -c %u /volume/file)"
}

@test "a volume's path is read in any script, whatever the host's language" {
    mkdir "$BATS_TEST_TMPDIR/größe-容量"
    echo found >"$BATS_TEST_TMPDIR/größe-容量/file"
    pod=$(new_pod script)
    container=$(new_container "$pod" script one \
        ".mounts = [{host_path: \"$BATS_TEST_TMPDIR/größe-容量\", container_path: \"/größe\"}]")
    equal found "$(inside "$container" cat /größe/file)"
}

@test "the host's mount table does not grow with containers" {
    pod=$(new_pod mounts)
    before=$(mounts_of_agent)
    new_container "$pod" mounts one
    new_container "$pod" mounts two
    equal "$before" "$(mounts_of_agent)"
}

mounts_of_agent() {
    awk '{ print $5 }' /proc/self/mountinfo | grep -e "$agent_dir" -e "$(agent_instance "$agent_dir")"
}
