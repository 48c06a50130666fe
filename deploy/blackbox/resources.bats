#!/usr/bin/env bats
# Limits of running containers: changed as a whole or not at all, and shown as they are.

load support
load one_agent

shown() {
    crictl inspect "$1" | jq -r ".status.resources.linux.$2"
}

# in_force CONTAINER FILE-OF-V1 FILE-OF-V2
in_force() {
    local pid line
    pid=$(host_pid "$1")
    if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
        cat "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$pid/cgroup")/$3"
    else
        line=$(grep -E ":([a-z,]*,)?${2%%.*}(,[a-z,]*)?:" "/proc/$pid/cgroup" | head -n 1)
        cat "/sys/fs/cgroup/$(cut -d: -f2 <<<"$line")$(cut -d: -f3 <<<"$line")/$2"
    fi
}

@test "a change is in force and shown at once, and the rest stays" {
    pod=$(new_pod change)
    container=$(new_container "$pod" change one \
        '.linux.resources = {memory_limit_in_bytes: 134217728, cpu_shares: 512, cpu_quota: 50000, cpu_period: 100000}')
    crictl update --memory 268435456 "$container"
    equal 268435456 "$(shown "$container" memoryLimitInBytes)"
    equal 512 "$(shown "$container" cpuShares)"
    equal 50000 "$(shown "$container" cpuQuota)"
    equal 268435456 "$(in_force "$container" memory.limit_in_bytes memory.max)"
}

@test "a limit below what is in use is refused, and nothing else of the change happens" {
    pod=$(new_pod low)
    container=$(new_container "$pod" low one \
        '.linux.resources = {memory_limit_in_bytes: 134217728, cpu_shares: 512} |
        .command = ["sh", "-c", "dd if=/dev/zero of=/dev/shm/file bs=1M count=40; sleep 600"]')
    wait_for 20 full "$container"
    before=$(in_force "$container" cpu.shares cpu.weight)
    run crictl update --memory 8388608 --cpu-share 100 "$container"
    [ "$status" -ne 0 ]
    contains "$output" "FailedPrecondition"
    equal 134217728 "$(shown "$container" memoryLimitInBytes)"
    equal 512 "$(shown "$container" cpuShares)"
    equal 134217728 "$(in_force "$container" memory.limit_in_bytes memory.max)"
    equal "$before" "$(in_force "$container" cpu.shares cpu.weight)"
    equal CONTAINER_RUNNING "$(container_state "$container")"
}

full() {
    [ "$(inside "$1" stat -c %s /dev/shm/file)" = 41943040 ]
}

@test "swap: the sum with memory on version 1, the rest of it on version 2" {
    pod=$(new_pod swap)
    container=$(new_container "$pod" swap one \
        '.linux.resources = {memory_limit_in_bytes: 67108864, memory_swap_limit_in_bytes: 100663296}')
    equal 100663296 "$(shown "$container" memorySwapLimitInBytes)"
    if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
        equal 33554432 "$(in_force "$container" - memory.swap.max)"
    elif [ -e /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes ]; then
        equal 100663296 "$(in_force "$container" memory.memsw.limit_in_bytes -)"
    fi
    run crictl create "$pod" "$(container_file two \
        '.linux.resources = {memory_limit_in_bytes: 67108864, memory_swap_limit_in_bytes: 1024}')" \
        "$BATS_TEST_TMPDIR/pod-swap.json"
    [ "$status" -ne 0 ]
    contains "$output" "memory_swap_limit_in_bytes"
}

@test "huge pages: zeros for sizes the machine lacks are taken, nonsense is not" {
    pod=$(new_pod huge)
    container=$(new_container "$pod" huge one \
        '.linux.resources.hugepage_limits = [{page_size: "2MB", limit: 0}, {page_size: "7MB", limit: 0}]')
    equal 2 "$(crictl inspect "$container" | jq '.status.resources.linux.hugepageLimits | length')"
    run crictl create "$pod" "$(container_file two \
        '.linux.resources.hugepage_limits = [{page_size: "two", limit: 5}]')" "$BATS_TEST_TMPDIR/pod-huge.json"
    [ "$status" -ne 0 ]
    contains "$output" "page_size"
}
