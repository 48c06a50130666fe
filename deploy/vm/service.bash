# shellcheck shell=bash
# What the tests in the machine share: the installed service, crictl, checks.
# The script that sources it sets top, tools, images, packages, work, passed and failed.
: "${top:?}" "${tools:?}" "${images:?}" "${packages:?}" "${work:?}"
# shellcheck source=deploy/lib/say.sh
. "$top/deploy/lib/say.sh"
# shellcheck source=deploy/lib/hoststate.sh
. "$top/deploy/lib/hoststate.sh"

unified=/sys/fs/cgroup
busybox=example.test/carpel/busybox:latest

crictl() {
    "$tools/crictl" --config /dev/null --timeout 120s \
        --runtime-endpoint unix:///run/carpel/carpel.sock \
        --image-endpoint unix:///run/carpel/carpel.sock "$@"
}

# check NAME function: in a shell of its own that ends at the first command that fails.
check() {
    local output status started=$SECONDS
    # Not in a list with `||`, where `set -e` would mean nothing.
    output=$(
        set -e
        "$2" 2>&1
    )
    status=$?
    if [ $status -eq 0 ]; then
        passed=$((passed + 1))
        note "ok $1 ($((SECONDS - started)) s)"
    else
        failed=$((failed + 1))
        note "FAILED $1"
        printf '%s\n' "$output" | tail -n 20
    fi
}

# equal WANTED GOT
equal() {
    [ "$1" = "$2" ] || {
        printf 'wanted: %s\ngot:    %s\n' "$1" "$2"
        return 1
    }
}

contains() {
    case $1 in
        *"$2"*) ;;
        *)
            printf 'not found: %s\nin: %s\n' "$2" "$1"
            return 1
            ;;
    esac
}

# within SECONDS command…: until it succeeds.
within() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $deadline ] || {
            echo "waited in vain for: $*"
            return 1
        }
        sleep 0.2
    done
}

# new_pod NAME [jq program]: its id is kept in a file, since each check has its own shell.
new_pod() {
    jq -n --arg name "$1" --arg log "$work/log-$1" '{
        metadata: {name: $name, namespace: "vm", uid: ("uid-" + $name), attempt: 0},
        log_directory: $log, linux: {security_context: {namespace_options: {pid: 1}}}} | '"${2:-.}" >"$work/pod-$1.json"
    crictl runp "$work/pod-$1.json" >"$work/pod-$1"
}

# new_container POD NAME [jq program]
new_container() {
    jq -n --arg name "$2" --arg image "$busybox" '{
        metadata: {name: $name, attempt: 0}, image: {image: $image}, log_path: ($name + ".log"),
        command: ["sh", "-c", "trap \"exit 0\" TERM; while :; do sleep 1 & wait; done"],
        linux: {security_context: {namespace_options: {pid: 1}}}} | '"${3:-.}" >"$work/container-$2.json"
    crictl create "$(cat "$work/pod-$1")" "$work/container-$2.json" "$work/pod-$1.json" \
        >"$work/container-$2"
    crictl start "$(cat "$work/container-$2")" >/dev/null
}

container() {
    cat "$work/container-$1"
}

inspect() {
    crictl inspect -o go-template --template "{{$2}}" "$(container "$1")"
}

# The directory of a container's cgroup, as the kernel tells it for the container's process.
cgroup_of() {
    printf '%s%s\n' "$unified" "$(sed -n 's/^0:://p' "/proc/$(inspect "$1" .info.pid)/cgroup")"
}

is_exited() {
    [ "$(inspect "$1" .status.state)" = CONTAINER_EXITED ]
}

# From the packages, as on a node. An emulated machine takes its time to start.
install_service() {
    mkdir -p /etc/systemd/system/carpel.service.d
    cat >/etc/systemd/system/carpel.service.d/vm.conf <<END
[Service]
TimeoutStartSec=600
WatchdogSec=600
END
    DEBIAN_FRONTEND=noninteractive dpkg -i "$packages"/carpel_*.deb "$packages"/carpel-aot_*.deb
}

remove_service() {
    dpkg -P carpel-aot carpel
    rm -r /etc/systemd/system/carpel.service.d
    systemctl daemon-reload
}

# import_images NAME…: these of the many, since unpacking takes its time here.
import_images() {
    rm -rf "$work/layout"
    cp -r "$images/layout" "$work/layout"
    jq '.manifests |= map(select(.annotations["org.opencontainers.image.ref.name"]
        | IN($ARGS.positional[])))' "$images/layout/index.json" --args "$@" >"$work/layout/index.json"
    carpel image import --quiet "$work/layout" >/dev/null
}

# An emulated machine may take longer to load the classes of the first answer than crictl waits.
answers() {
    crictl version >/dev/null 2>&1
}
