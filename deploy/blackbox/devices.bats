#!/usr/bin/env bats
# Devices by path and by name, and how mounts spread, as the kubelet asks for them.

load support

setup_file() {
    mkdir -p "$BATS_FILE_TMPDIR/cdi"
    start_agent --cdi-spec-dirs "$BATS_FILE_TMPDIR/cdi"
    crictl pull "$busybox"
}

teardown_file() {
    stop_agent
}

setup() {
    volume=$BATS_TEST_TMPDIR/volume
    mkdir "$volume"
}

teardown() {
    remove_pods
    if mountpoint -q "$volume"; then
        umount -R -l "$volume"
    fi
}

create() {
    crictl create "$pod" "$(container_file one "$1")" "$BATS_TEST_TMPDIR/pod-$2.json"
}

named() {
    printf '.CDI_devices = [{name: "%s"}]' "$1"
}

@test "a device by name brings its node, variable and mount; the file is read when it is needed" {
    pod=$(new_pod named)
    run create "$(named example.test/widget=w0)" named
    [ "$status" -ne 0 ]
    contains "$output" "code = NotFound"
    contains "$output" "example.test/widget=w0"
    echo library >"$BATS_TEST_TMPDIR/lib.so"
    cat >"$BATS_FILE_TMPDIR/cdi/widget.yaml" <<EOF
cdiVersion: 0.6.0
kind: example.test/widget
devices:
  - name: w0
    containerEdits:
      env: [WIDGET=w0]
      deviceNodes: [{path: /dev/widget, hostPath: /dev/full}]
      mounts: [{hostPath: $BATS_TEST_TMPDIR/lib.so, containerPath: /opt/lib.so, options: [ro]}]
  - name: hooked
    containerEdits:
      hooks: [{hookName: prestart, path: /bin/true}]
EOF
    container=$(new_container "$pod" named two "$(named example.test/widget=w0)")
    equal "1 7" "$(inside "$container" stat -c '%t %T' /dev/widget)"
    equal w0 "$(inside "$container" sh -c "echo \$WIDGET")"
    equal library "$(inside "$container" cat /opt/lib.so)"
    run create "$(named example.test/widget=hooked)" named
    [ "$status" -ne 0 ]
    contains "$output" "the prestart hook /bin/true"
    run create "$(named nonsense)" named
    contains "$output" "code = InvalidArgument"
}

@test "a device by name: whose node it is, its mode and groups, what all of a file share, and who wins" {
    pod=$(new_pod whose)
    cat >"$BATS_FILE_TMPDIR/cdi/gadget.json" <<'EOF'
{"cdiVersion": "0.7.0", "kind": "example.test/gadget",
 "containerEdits": {"env": ["SHARED=1"], "deviceNodes": [{"path": "/dev/control", "hostPath": "/dev/zero"}]},
 "devices": [
   {"name": "0", "containerEdits": {"env": ["FIRST=1"], "additionalGids": [0, 4444], "deviceNodes": [
     {"path": "/dev/control", "hostPath": "/dev/zero"},
     {"path": "/dev/gadget0", "hostPath": "/dev/full", "fileMode": 384, "uid": 0, "gid": 7}]}},
   {"name": "1", "containerEdits": {"env": ["SECOND=1"], "deviceNodes": [
     {"path": "/dev/gadget1", "hostPath": "/dev/fuse", "permissions": "none"}]}}]}
EOF
    both='.CDI_devices = [{name: "example.test/gadget=0"}, {name: "example.test/gadget=1"}]
        | .linux.security_context = {run_as_user: {value: 1000}, run_as_group: {value: 1001}}'
    container=$(new_container "$pod" whose zero "$both")
    # Those that nobody is named for are whose process it is.
    equal "1000 1001" "$(inside "$container" stat -c '%u %g' /dev/control)"
    equal "0 7 600" "$(inside "$container" stat -c '%u %g %a' /dev/gadget0)"
    equal "1001 4444" "$(inside "$container" id -G)"
    equal "111" "$(inside "$container" sh -c "echo \$SHARED\$FIRST\$SECOND")"
    inside "$container" head -c 1 /dev/control >/dev/null
    run inside "$container" head -c 1 /dev/gadget1
    [ "$status" -ne 0 ]
    contains "$output" "not permitted"
    # Two files of one directory that define the same device: neither is taken, others still are.
    cat >"$BATS_FILE_TMPDIR/cdi/rival.yaml" <<'EOF'
cdiVersion: 0.5.0
kind: example.test/gadget
devices: [{name: "0", containerEdits: {env: [FIRST=rival]}}]
EOF
    run create "$both" whose
    [ "$status" -ne 0 ]
    contains "$output" "code = FailedPrecondition"
    contains "$output" "gadget.json"
    contains "$output" "rival.yaml"
    new_container "$pod" whose two "$(named example.test/gadget=1)"
    rm "$BATS_FILE_TMPDIR/cdi/rival.yaml"
    new_container "$pod" whose three "$both"
}

@test "a privileged container may ask for a device that it has anyway" {
    pod=$(new_pod all '.linux.security_context.privileged = true')
    container=$(new_container "$pod" all one \
        '.linux.security_context.privileged = true
         | .devices = [{host_path: "/dev/fuse", container_path: "/dev/fuse", permissions: "rwm"}]')
    equal "a e5" "$(inside "$container" stat -c '%t %T' /dev/fuse)"
}

@test "a container may make itself a tun device, and no other of its kind" {
    pod=$(new_pod tun)
    container=$(new_container "$pod" tun one)
    inside "$container" mknod /tmp/tun c 10 200
    # Where the host has no such device, that is what is said.
    run inside "$container" sh -c ': <>/tmp/tun'
    equal "" "$(grep "not permitted" <<<"$output")"
    inside "$container" mknod /tmp/fuse c 10 229
    run inside "$container" sh -c ': <>/tmp/fuse'
    contains "$output" "not permitted"
}

@test "a device that is missing is named" {
    pod=$(new_pod missing)
    run create '.devices = [{host_path: "/dev/no-such", container_path: "/dev/x", permissions: "rwm"}]' missing
    [ "$status" -ne 0 ]
    contains "$output" "code = NotFound"
    contains "$output" "/dev/no-such"
    equal "" "$(crictl ps -aq)"
}

@test "propagation: what is mounted on the host later is seen by a slave and a shared mount only" {
    mount -t tmpfs tmpfs "$volume"
    mount --make-shared "$volume"
    mkdir "$volume/sub"
    pod=$(new_pod spread)
    for mode in 0 1 2; do
        containers[mode]=$(new_container "$pod" spread "c$mode" ".mounts = [{host_path: \"$volume\",
            container_path: \"/volume\", propagation: $mode}]")
        equal "$mode" "$(crictl inspect "${containers[mode]}" |
            jq '.status.mounts[0].propagation |
                {PROPAGATION_PRIVATE: 0, PROPAGATION_HOST_TO_CONTAINER: 1,
                 PROPAGATION_BIDIRECTIONAL: 2}[.]')"
    done
    mount -t tmpfs tmpfs "$volume/sub"
    touch "$volume/sub/late"
    equal "" "$(inside "${containers[0]}" ls /volume/sub)"
    equal late "$(inside "${containers[1]}" ls /volume/sub)"
    equal late "$(inside "${containers[2]}" ls /volume/sub)"
}
