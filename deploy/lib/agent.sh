# shellcheck shell=bash
# An agent that keeps everything below one directory, so that several live side by side.

# The tree that this file is part of; the script that sources it says where.
: "${top:?}"

# Tells agents apart in what cannot lie in a directory: bridge, nftables table, cgroups, names of
# network namespaces.
agent_instance() {
    printf '%s' "$1" | sha256sum | cut -c1-8
}

# The pid of the agent that serves a directory, or nothing. A pid file alone proves nothing: the
# number may belong to somebody else by now, so the process has to name our socket.
agent_pid() {
    local dir=$1 pid
    pid=$(cat "$dir/agent.pid" 2>/dev/null) || return 0
    case $pid in
        '' | *[!0-9]*) return 0 ;;
    esac
    if tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qxF -- "$dir/carpel.sock"; then
        printf '%s\n' "$pid"
    fi
}

# agent_option NAME VALUE ARGS…: prints the option unless the arguments carry it already.
agent_option() {
    local name=$1 value=$2 argument
    shift 2
    for argument in "$@"; do
        case $argument in
            "$name" | "$name"=*) return ;;
        esac
    done
    printf '%s\n' "$name=$value"
}

# A command that the agent is started through, such as nsenter; it has to become the agent.
agent_enter=()

# agent_start DIR [arguments of carpel serve…]
agent_start() {
    local dir=$1 options pid deadline
    shift
    mkdir -p "$dir/cni"
    mapfile -t options < <(
        agent_option --run-dir "$dir/run" "$@"
        agent_option --state-dir "$dir/state" "$@"
        agent_option --instance "$(agent_instance "$dir")" "$@"
        agent_option --cni-conf-dir "$dir/cni" "$@"
    )
    rm -f "$dir/carpel.sock"
    # The socket stands alone as an argument: agent_pid looks for it. SIGHUP means something to the
    # agent, even when this is run under nohup, whose children would ignore it.
    setsid env --default-signal=HUP "${agent_enter[@]}" "$top/deploy/bin/carpel" serve --listen "$dir/carpel.sock" "${options[@]}" "$@" \
        >>"$dir/agent.log" 2>&1 </dev/null &
    pid=$!
    echo "$pid" >"$dir/agent.pid"
    deadline=$((SECONDS + 60))
    until [ -S "$dir/carpel.sock" ]; do
        if ! kill -0 "$pid" 2>/dev/null; then
            tail -n 20 "$dir/agent.log" >&2
            rm -f "$dir/agent.pid"
            die "the agent ended at once; the end of $dir/agent.log is above"
        fi
        [ $SECONDS -lt $deadline ] || die "the agent made no socket within 60 s: see $dir/agent.log"
        sleep 0.01
    done
}

# Ends the agent; its containers live on.
agent_stop() {
    local pid deadline
    pid=$(agent_pid "$1")
    if [ -n "$pid" ]; then
        kill "$pid"
        deadline=$((SECONDS + 30))
        while [ -n "$(agent_pid "$1")" ]; do
            if [ $SECONDS -ge $deadline ]; then
                note "the agent $pid did not end within 30 s: killing it"
                kill -KILL "$pid"
                deadline=$((SECONDS + 30))
            fi
            sleep 0.05
        done
    fi
    rm -f "$1/agent.pid" "$1/carpel.sock"
}

# What an instance shares with the host and keeps between pods: bridge, table, empty cgroups.
agent_forget() {
    local instance bridge table directory
    instance=$(agent_instance "$1")
    bridge=cpl$(agent_instance "$instance")
    if ip link show "$bridge" >/dev/null 2>&1; then
        ip link delete "$bridge"
    fi
    if command -v nft >/dev/null; then
        while read -r table; do
            nft delete table "${table% *}" "${table#* }"
        done < <(nft list tables | sed -n "s/^table \([a-z0-9]* carpel_$instance\)$/\1/p")
    fi
    while read -r directory; do
        find "$directory" -depth -type d -exec rmdir {} + 2>/dev/null || true
    done < <(find /sys/fs/cgroup -maxdepth 3 -type d -name "carpel-$instance*" 2>/dev/null)
}
