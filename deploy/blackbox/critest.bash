# shellcheck shell=bash
# critest against a fresh agent with a registry of its own.

# The tree that this file is part of; the script that sources it says where.
: "${top:?}"

# The digest under which our look-alike of critest's image by digest is served.
critest_digest() {
    jq -r '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"]
        | contains("/test-image-digest:")) | .digest | ltrimstr("sha256:")' \
        "${images_dir:?}/layout/index.json"
}

# run_critest DIR [arguments of critest.py…]: prints the outcome; the status says if it is as expected.
run_critest() {
    local dir=$1 status=0 segments segment
    shift
    segments=$(shared_memory)
    mkdir -p "$dir/agent"
    registry_start "$dir"
    registry_fill "$dir"
    registry_rules "$(cat "$dir/registry.address")" >"$dir/registries.conf"
    agent_start "$dir/agent" --registries-conf "$dir/registries.conf"
    PYTHONDONTWRITEBYTECODE=1 python3 "$top/deploy/blackbox/critest.py" \
        "${tools_dir:?}/critest" "$dir/agent/carpel.sock" "$dir/critest" "$(critest_digest)" "$@" \
        || status=$?
    "$top/deploy/down" "$dir/agent"
    registry_stop "$dir"
    # Its specs of IPC make segments on the host and leave them there.
    for segment in $(comm -13 <(echo "$segments") <(shared_memory)); do
        ipcrm --shmem-id "$segment"
    done
    return $status
}

shared_memory() {
    ipcs --shmems | awk '/^0x/ { print $2 }' | sort
}
