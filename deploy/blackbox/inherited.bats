#!/usr/bin/env bats
# What passes from process to process over fork and exec: containers have it as the agent was given
# it, and not as the agent's virtual machine has changed it.

load support
load one_agent

@test "a container's process and its execs are as the agent was when it was started" {
    pod=$(new_pod plain)
    container=$(new_container "$pod" plain one '.command = ["sleep", "1000"]')
    pid=$(host_pid "$container")
    for file in coredump_filter personality timerslack_ns; do
        equal "$(cat /proc/self/$file)" "$(cat "/proc/$pid/$file")"
        equal "$(cat /proc/self/$file)" "$(inside "$container" cat /proc/self/$file)"
    done
    for field in THP_enabled Cpus_allowed Mems_allowed; do
        own=$(value_of $field </proc/self/status)
        equal "$own" "$(value_of $field <"/proc/$pid/status")"
        equal "$own" "$(inside "$container" cat /proc/self/status | value_of $field)"
    done
    for field in SigIgn SigBlk; do
        equal 0000000000000000 "$(value_of $field <"/proc/$pid/status")"
        equal 0000000000000000 "$(inside "$container" cat /proc/self/status | value_of $field)"
    done
}

value_of() {
    awk "/^$1:/ { print \$2 }"
}
