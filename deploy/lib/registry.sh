# shellcheck shell=bash
# Debian's docker-registry on a free loopback port, filled with the test images.

# The tree that this file is part of; the script that sources it says where.
: "${top:?}"

# Sets registry_program. A machine that lacks it gets the program alone, unpacked aside: installing
# the package would start a service.
need_registry() {
    local aside
    if registry_program=$(command -v docker-registry); then
        return
    fi
    aside=$(cache_dir)/docker-registry
    registry_program=$aside/usr/bin/docker-registry
    [ -x "$registry_program" ] || unpack_packages "$aside" docker-registry
}

# Sets registry_programs to a directory with docker-registry and skopeo, for tests that look for them on
# the PATH. Neither is installed: one would start a service, the other would bring a configuration that
# all container tools of the host read.
need_registry_programs() {
    local aside packages
    need_registry
    aside=$(cache_dir)/skopeo
    registry_programs=$(cache_dir)/registry-programs
    mkdir -p "$registry_programs"
    ln -sfn "$registry_program" "$registry_programs/docker-registry"
    if command -v skopeo >/dev/null; then
        ln -sfn "$(command -v skopeo)" "$registry_programs/skopeo"
        return
    fi
    if [ ! -e "$aside/complete" ]; then
        refresh_packages
        mapfile -t packages < <(cd "$top/deploy/images" && PYTHONDONTWRITEBYTECODE=1 python3 -c \
            'import packages; print("\n".join(packages.with_libraries(["skopeo"])))')
        [ ${#packages[@]} -gt 0 ] || die "apt does not know skopeo"
        rm -rf "$aside"
        unpack_packages "$aside" "${packages[@]}"
        touch "$aside/complete"
    fi
    # Those of its libraries that the host has are the host's.
    rm -f "$registry_programs/skopeo"
    cat >"$registry_programs/skopeo" <<EOF
#!/bin/sh
LD_LIBRARY_PATH=\$(ldconfig -p | sed -n 's,.* => \(/.*\)/[^/]*\$,\1,p' | sort -u | paste -sd:):$(
        find "$aside" -name '*.so.*' -printf '%h\n' | sort -u | paste -sd:)
export LD_LIBRARY_PATH
exec $aside/usr/bin/skopeo "\$@"
EOF
    chmod +x "$registry_programs/skopeo"
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# registry_start DIR [NAME]: serves DIR/NAME, plain http, on registry_port or a free port. Leaves NAME.pid and NAME.address in DIR.
# What DIR/NAME.extra.yml holds is added to the configuration (auth, tls).
registry_start() {
    local dir=$1 name=${2:-registry} port attempt
    for attempt in 1 2 3; do
        port=${registry_port:-$(free_port)}
        cat >"$dir/$name.yml" <<EOF
version: 0.1
log:
  level: warn
storage:
  filesystem:
    rootdirectory: $dir/$name
  delete:
    enabled: true
EOF
        if [ -e "$dir/$name.extra.yml" ]; then
            sed "s/@ADDRESS@/127.0.0.1:$port/" "$dir/$name.extra.yml" >>"$dir/$name.yml"
        else
            printf 'http:\n  addr: 127.0.0.1:%s\n' "$port" >>"$dir/$name.yml"
        fi
        "$registry_program" serve "$dir/$name.yml" >"$dir/$name.log" 2>&1 </dev/null &
        echo $! >"$dir/$name.pid"
        echo "127.0.0.1:$port" >"$dir/$name.address"
        if registry_answers "$port" "$!"; then
            return
        fi
        note "the registry did not come up on port $port (try $attempt)"
    done
    die "no registry: see $dir/$name.log"
}

registry_answers() {
    local deadline=$((SECONDS + 20))
    while [ $SECONDS -lt $deadline ] && kill -0 "$2" 2>/dev/null; do
        if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then
            return
        fi
        sleep 0.05
    done
    return 1
}

registry_fill() {
    : "${images_dir:?need_images sets it}"
    PYTHONDONTWRITEBYTECODE=1 python3 "$top/deploy/images/push.py" \
        "$images_dir/layout" "$(cat "$1/${2:-registry}.address")"
}

registry_stop() {
    local pid
    pid=$(cat "$1/${2:-registry}.pid" 2>/dev/null) || return 0
    if tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qxF -- "$1/${2:-registry}.yml"; then
        kill "$pid"
        wait "$pid" 2>/dev/null || true
    fi
    rm -f "$1/${2:-registry}.pid"
}

# registry_rules ADDRESS: a registries.conf that sends every host named in the test images there.
registry_rules() {
    local host
    for host in example.test registry.k8s.io k8s.gcr.io gcr.io; do
        cat <<EOF
[[registry]]
location = "$host"

[[registry.mirror]]
location = "$1"
insecure = true

EOF
    done
    cat <<EOF
[[registry]]
location = "$1"
insecure = true
EOF
}
