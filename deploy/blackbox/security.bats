#!/usr/bin/env bats
# Properties that classes of known vulnerabilities ask for, seen from outside: each test begins with
# the number of its property. Those of the launch, of images and of parsers have tests of their own.

load support
load one_agent

@test "09 user numbers beyond 31 bits are errors and no names" {
    pod=$(new_pod users)
    for user in -1 2147483648 4294967296; do
        run crictl create "$pod" "$(container_file one \
            ".linux.security_context.run_as_user.value = $user")" "$BATS_TEST_TMPDIR/pod-users.json"
        [ "$status" -ne 0 ]
        contains "$output" "InvalidArgument"
        contains "$output" "run_as_user"
    done
    for name in 4294967296 1:2:3 : 0: ; do
        run crictl create "$pod" "$(container_file one \
            ".linux.security_context.run_as_username = \"$name\"")" "$BATS_TEST_TMPDIR/pod-users.json"
        [ "$status" -ne 0 ]
        contains "$output" "InvalidArgument"
    done
    equal "" "$(crictl ps -aq)"
}

@test "09 supplementary groups are exactly the computed set, in start and exec" {
    pod=$(new_pod groups)
    for policy in 0 1; do
        container=$(new_container "$pod" groups "c$policy" ".linux.security_context = {
            run_as_user: {value: 1000}, run_as_group: {value: 2000},
            supplemental_groups: [5000], supplemental_groups_policy: $policy} |
            .command = [\"sh\", \"-c\", \"grep Groups /proc/self/status; sleep 600\"]")
        wait_for 10 grep -q Groups "$BATS_TEST_TMPDIR/log-groups/c$policy.log"
        started=$(awk '/Groups/ { $1 = $2 = $3 = $4 = ""; print $0 }' "$BATS_TEST_TMPDIR/log-groups/c$policy.log" | xargs)
        executed=$(inside "$container" grep Groups /proc/self/status | cut -d: -f2 | xargs)
        equal "$started" "$executed"
        equal "$started" "$(crictl inspect "$container" |
            jq -r '.status.user.linux.supplementalGroups | map(tostring) | join(" ")')"
        contains " $started " " 5000 "
        equal 1000 "$(crictl inspect "$container" | jq -r .status.user.linux.uid)"
    done
}

@test "12 a container with MKNOD opens no block device of the host" {
    pod=$(new_pod blocks)
    container=$(new_container "$pod" blocks one \
        '.linux.security_context.capabilities.add_capabilities = ["MKNOD", "SYS_ADMIN"]')
    for numbers in "7 0" "8 0" "254 0" "253 0"; do
        # shellcheck disable=SC2086
        inside "$container" mknod "/tmp/${numbers/ /-}" b $numbers
        run inside "$container" dd "if=/tmp/${numbers/ /-}" of=/dev/null count=1
        [ "$status" -ne 0 ]
        contains "$output" "Operation not permitted"
    done
    # An update writes the group anew: the rules must outlive it.
    crictl update --cpu-share 512 "$container"
    run inside "$container" dd if=/tmp/8-0 of=/dev/null count=1
    contains "$output" "Operation not permitted"
}

@test "13 cgroups can be looked at and not written" {
    pod=$(new_pod cgroups)
    container=$(new_container "$pod" cgroups one)
    run -1 inside "$container" mkdir /sys/fs/cgroup/mine
    contains "$output" "Read-only file system"
    [ -n "$(inside "$container" ls /sys/fs/cgroup)" ]
    equal "0 writable" "$(inside "$container" sh -c 'n=0
        for f in $(find /sys/fs/cgroup -name release_agent -o -name notify_on_release); do
            (echo 1 >"$f") 2>/dev/null && n=$((n + 1))
        done
        echo "$n writable"')"
}

@test "21 no annotation, label or variable changes how a container is made" {
    magic='{"io.kubernetes.cri-o.userns-mode": "auto", "io.kubernetes.cri-o.Devices": "/dev/kmsg",
        "io.kubernetes.cri-o.UnifiedCgroup.one": "memory.max=1", "run.oci.keep_original_groups": "1",
        "run.oci.mount_context_type": "context", "org.systemd.property.TasksMax": "1",
        "org.systemd.property.ExecStartPre": "/bin/touch", "cdi.k8s.io/x": "example.test/widget=w0",
        "io.container.manager": "x", "io.kubernetes.cri.untrusted-workload": "true",
        "io.carpel.privileged": "true", "security.alpha.kubernetes.io/sysctls": "kernel.hostname=x",
        "container.apparmor.security.beta.kubernetes.io/one": "localhost/none",
        "seccomp.security.alpha.kubernetes.io/pod": "localhost/none",
        "containerd.io/snapshot/overlay.upperdir": "/etc", "io.containerd.runc.v2.group": "x"}'
    pod=$(new_pod plain)
    plain=$(new_container "$pod" plain one)
    hidden=$(new_pod magic ".annotations = $magic | .labels = $magic")
    marked=$(new_container "$hidden" magic one ".annotations = $magic | .labels = $magic |
        .envs = [{key: \"NOTIFY_SOCKET\", value: \"/x\"}, {key: \"LD_PRELOAD\", value: \"\"}]")
    for container in "$plain" "$marked"; do
        {
            grep -E '^(Cap|Seccomp|NoNewPrivs|Uid|Gid|Groups)' "/proc/$(host_pid "$container")/status"
            awk '{ print $4, $5, $6 }' "/proc/$(host_pid "$container")/mountinfo" | grep -v "^/[0-9a-f]\{64\}" |
                sed 's/[0-9a-f]\{64\}/ID/g'
            inside "$container" ls /dev
            cat "/proc/$(host_pid "$container")/limits"
        } >"$BATS_TEST_TMPDIR/$container"
    done
    diff "$BATS_TEST_TMPDIR/$plain" "$BATS_TEST_TMPDIR/$marked"
}

@test "25 no file of the host is an image, whatever it holds" {
    pod=$(new_pod restored)
    archive=$BATS_TEST_TMPDIR/checkpoint.tar
    echo '{}' >"$BATS_TEST_TMPDIR/spec.dump"
    tar -C "$BATS_TEST_TMPDIR" -cf "$archive" spec.dump
    for image in "$archive" "oci-archive:$archive" "file://$archive"; do
        run crictl create --no-pull "$pod" "$(container_file one ".image.image = \"$image\"")" \
            "$BATS_TEST_TMPDIR/pod-restored.json"
        [ "$status" -ne 0 ]
        [[ $output == *InvalidArgument* || $output == *NotFound* ]]
        run crictl pull "$image"
        [ "$status" -ne 0 ]
        contains "$output" "InvalidArgument"
    done
    equal "" "$(crictl ps -aq)"
}

@test "28 what the agent keeps is root's alone, and its socket is nobody else's" {
    pod=$(new_pod modes)
    new_container "$pod" modes one >/dev/null
    equal "srw-rw---- root" "$(stat -c '%A %U' "$agent_dir/carpel.sock")"
    for directory in run state/containers state/images run/containers run/sandboxes run/s; do
        if [ -d "$agent_dir/$directory" ]; then
            equal "700 root $directory" "$(stat -c '%a %U' "$agent_dir/$directory") $directory"
        fi
    done
    # Nothing of it may be written by others, wherever it lies.
    equal "" "$(find "$agent_dir/run" -xdev ! -type l ! -type s -perm /0022 ! -path '*/shm*' -print)"
}

@test "29 no abstract socket, and streams on loopback only" {
    pod=$(new_pod sockets)
    new_container "$pod" sockets one >/dev/null
    pid=$(agent_pid "$agent_dir")
    shims=$(pgrep -x carpel-shim | tr '\n' '|')
    equal "" "$(ss -xlpH | grep -E "pid=($pid|${shims%|})," | awk '$5 ~ /^@/')"
    equal "" "$(ss -tlpnH | grep "pid=$pid," | awk '$4 !~ /^(127\.0\.0\.1|\[::1\]|\[::ffff:127\.0\.0\.1\]):/')"
}

# mapped PID: device and inode of each file that a process has mapped, and its name there.
mapped() {
    local file
    for file in "/proc/$1/map_files/"*; do
        printf '%s %s\n' "$(stat -L -c %d:%i "$file")" "$(readlink "$file")"
    done
}

@test "31 no page of a program of the host is mapped into a container" {
    pod=$(new_pod pages)
    waiting=$(crictl create "$pod" "$(container_file one)" "$BATS_TEST_TMPDIR/pod-pages.json")
    # Whoever prepares a container is a copy in memory.
    equal "/memfd:carpel-shim" "$(mapped "$(host_pid "$waiting")" | cut -d' ' -f2 | sort -u)"
    crictl start "$waiting" >/dev/null
    [ -n "$(inside "$waiting" echo up)" ]
    mapped "$(host_pid "$waiting")" >"$BATS_TEST_TMPDIR/mapped"
    contains "$(cat "$BATS_TEST_TMPDIR/mapped")" " /bin/sh"
    while read -r inode name; do
        [ ! -e "$name" ] || differ "$(stat -L -c %d:%i "$name")" "$inode"
    done <"$BATS_TEST_TMPDIR/mapped"
}

@test "31 with the default profile a container makes no namespaces" {
    pod=$(new_pod filtered)
    container=$(new_container "$pod" filtered one '.linux.security_context.seccomp = {profile_type: 0}')
    equal 2 "$(inside "$container" sed -n 's/^Seccomp:\t//p' /proc/self/status)"
    for kind in U r m n p; do
        run inside "$container" unshare "-$kind" true
        [ "$status" -ne 0 ]
        contains "$output" "Operation not permitted"
    done
}
