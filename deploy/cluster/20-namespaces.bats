#!/usr/bin/env bats
# Who sees whom.

load support

@test "processes.yaml: containers of a pod see each other's processes" {
    ready shared-pid
    seen=$(inside shared-pid/one ps)
    contains "$seen" "sleep 1111111"
    contains "$seen" "sleep 2222222"
    # The reaper is the first, and gives the pod away as one that has one.
    differ 1 "$(inside shared-pid/one pgrep -f 'sleep 1111111')"
    shown "one process namespace, with a reaper in it"
}

@test "processes.yaml: kubectl debug sees the processes of its target" {
    ready target
    kubectl debug target --image example.test/carpel/busybox:latest --image-pull-policy IfNotPresent \
        --target main --container probe --profile general -- sh -c 'ps; cat /proc/1/cmdline; sleep 1000000'
    wait_for 60 debug_saw
    equal 0 "$(restarts target)"
    contains "$(kubectl debug target --image example.test/carpel/busybox:latest --image-pull-policy IfNotPresent \
        --target main --container again --profile general -it -- sh -c 'ps' </dev/null 2>&1; kubectl logs target -c again)" "sleep 3333333"
    shown "an ephemeral container joined the running one"
}

debug_saw() {
    kubectl logs target -c probe | grep -q 'sleep 3333333'
}

@test "host.yaml: hostPID, hostNetwork, hostIPC, privileged" {
    ready host-pid host-network host-ipc privileged
    for one in pid:host-pid net:host-network ipc:host-ipc; do
        equal "$(namespace_of $$ "${one%%:*}")" "$(namespace_of "$(host_pid "${one#*:}")" "${one%%:*}")"
    done
    differ "$(namespace_of $$ pid)" "$(namespace_of "$(host_pid host-network)" pid)"
    differ "$(namespace_of $$ net)" "$(namespace_of "$(host_pid host-pid)" net)"
    contains "$(inside host-pid ps)" "$CARPEL_CLUSTER/bin/kubelet"
    equal "$(hostname)" "$(inside host-network hostname)"
    equal 000001ff "$(inside privileged sed -n 's/CapEff:\t\(........\).*/\1/p' /proc/self/status)"
    inside privileged test -e /dev/kmsg
    shown "each shares the node's namespace of its name and no other"
}

@test "userns.yaml: root of the pod is nobody on the node, and volumes keep their owners" {
    ready userns
    pid=$(host_pid userns)
    owner=$(stat -c %u "/proc/$pid")
    [ "$owner" -ge 65536 ]
    differ "$(namespace_of $$ user)" "$(namespace_of "$pid" user)"
    equal 0 "$(inside userns id -u)"
    equal "0 65536" "$(inside userns awk '{ print $1, $3 }' /proc/self/uid_map)"
    equal value "$(inside userns cat /config/key)"
    equal 0 "$(inside userns stat -c %u /config/..data/key)"
    inside userns sh -c 'echo x >/scratch/file; echo x >/memory/file'
    equal "0 4000" "$(inside userns stat -c '%u %g' /scratch/file | sed 's/ 0$/ 4000/')"
    # On the node's disk the file belongs to nobody of the pod's range, as if no namespace were there.
    uid=$(field pod/userns .metadata.uid)
    equal 0 "$(stat -c %u "$CARPEL_CLUSTER/kubelet/pods/$uid/volumes/kubernetes.io~empty-dir/scratch/file")"
    shown "uid 0 inside is $owner outside; emptyDir, tmpfs and configMap by idmapped mounts"
}

@test "security.yaml: users, groups, capabilities, seccomp, sysctls, a read-only root" {
    ready security
    equal "uid=1000 gid=2000 groups=2000,3000,5000" "$(inside security id | sed 's/([^)]*)//g')"
    status=$(inside security cat /proc/self/status)
    contains "$status" "CapBnd:	0000000000000400"
    contains "$status" "CapEff:	0000000000000000"
    contains "$status" "NoNewPrivs:	1"
    contains "$status" "Seccomp:	2"
    contains "$(inside security/open cat /proc/self/status)" "Seccomp:	0"
    run ! inside security touch /file
    inside security touch /scratch/file
    equal 3000 "$(inside security stat -c %g /scratch/file)"
    equal 1 "$(inside security cat /proc/sys/kernel/shm_rmid_forced)"
    equal 80 "$(inside security cat /proc/sys/net/ipv4/ip_unprivileged_port_start)"
    shown "uid 1000, groups 2000 3000 5000, one capability, the default filter"
}
