# shellcheck shell=bash
# How the scripts speak: what they are about to do, and why they stop.

say() {
    printf '==> %s\n' "$*"
}

note() {
    printf '    %s\n' "$*"
}

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

need_root() {
    [ "$(id -u)" -eq 0 ] || die "needs root: namespaces, mounts and cgroups are made for real"
}

# Outside the tree and shared by clones: programs and images that take long to make.
cache_dir() {
    local base=${XDG_CACHE_HOME:-}
    if [ -z "$base" ]; then
        base=${HOME:+$HOME/.cache}
    fi
    printf '%s\n' "${base:-/var/cache}/carpel"
}
