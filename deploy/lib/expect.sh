# shellcheck shell=bash
# What tests expect, and how long they wait for it.

# Between two attempts of wait_for, in seconds; what asks a server sets it higher.
: "${wait_pause:=0.05}"

# wait_for SECONDS command…: until it succeeds. In the end it is heard once more: why it does not.
wait_for() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        if [ $SECONDS -ge $deadline ]; then
            echo "waited in vain for: $*" >&2
            "$@" >&2 || true
            return 1
        fi
        sleep "$wait_pause"
    done
}

# namespace_of PID KIND: the inode that names a namespace.
namespace_of() {
    stat -L -c %i "/proc/$1/ns/$2"
}

# contains TEXT PART
contains() {
    case $1 in
        *"$2"*) return 0 ;;
    esac
    printf 'not found: %s\nin: %s\n' "$2" "$1" >&2
    return 1
}

# equal WANTED GOT
equal() {
    [ "$1" = "$2" ] || {
        printf 'wanted: %s\ngot:    %s\n' "$1" "$2" >&2
        return 1
    }
}

differ() {
    [ "$1" != "$2" ] || {
        printf 'both are: %s\n' "$1" >&2
        return 1
    }
}
