#!/usr/bin/env bats
# Images as volumes, whole and in part: what is seen of them, what is refused, and how long they stay.

load support

volume=example.test/carpel/volume:latest
single=example.test/carpel/single:latest

setup_file() {
    start_agent
    crictl pull "$busybox"
    make_volumes "$BATS_FILE_TMPDIR/layout"
    carpel image import --quiet --connect "$agent_dir/carpel.sock" "$BATS_FILE_TMPDIR/layout"
}

teardown_file() {
    stop_agent
}

teardown() {
    remove_pods
}

# An image of two layers, of which the upper one hides a file of the lower one and takes one away,
# and one of a single layer, which is mounted in another way.
make_volumes() {
    PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$top/deploy/images python3 - "$1" "$volume" "$single" <<'PYTHON'
import platform
import sys
from pathlib import Path

from layout import Layer, Layout

lower = Layer().directory("data").directory("data/deep")
lower.file("data/lower", b"lower\n").file("data/both", b"hidden\n").file("data/gone", b"gone\n")
lower.file("data/deep/file", b"deep\n").file("data/program", b"#!/bin/sh\necho ran\n", 0o755)
upper = Layer().directory("data").file("data/both", b"upper\n").file("data/.wh.gone", b"")
for layer in (lower, upper):
    layer.directory("links").file("links/end", b"end of a link\n")
    for name, content in {
        "inside": "/links/end",
        "climbing": "../../../../../../links/end",
        "folder": "/links",
        "out": "/../../../../../../../etc/machine-id",
        "up": "../../../../../../../etc/machine-id",
        "proc": "/proc/self/root/etc/machine-id",
        "loop": "loop",
    }.items():
        layer.symlink("links/" + name, content)
images = Layout(Path(sys.argv[1]), {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()])
images.image([sys.argv[2]], [lower.bytes(), upper.bytes()])
images.image([sys.argv[3]], [lower.bytes()])
images.close()
PYTHON
}

# part IMAGE SUB_PATH [container path]: a mount, as JSON.
part() {
    jq -n --arg image "$1" --arg part "$2" --arg at "${3:-/x}" \
        '{container_path: $at, image: {image: $image}, image_sub_path: $part, readonly: true}'
}

create() {
    crictl create "$pod" "$(container_file "$1" ".mounts = [$2]")" "$BATS_TEST_TMPDIR/pod-$3.json"
}

layer_directories() {
    find "$agent_dir/state/images/layers" -mindepth 1 -maxdepth 1 | wc -l
}

@test "a whole image, a directory and a file of it; nothing can be written" {
    pod=$(new_pod parts)
    container=$(new_container "$pod" parts one ".mounts = [$(part "$volume" "" /whole),
        $(part "$volume" data /part), $(part "$volume" data/deep /deep), $(part "$volume" data/both /etc/one)]")
    equal $'lower\nupper' "$(inside "$container" cat /whole/data/lower /whole/data/both)"
    equal $'both\ndeep\nlower\nprogram' "$(inside "$container" ls /part)"
    equal deep "$(inside "$container" cat /deep/file)"
    equal upper "$(inside "$container" cat /etc/one)"
    equal ran "$(inside "$container" /part/program)"
    for path in /whole/x /whole/data/both /part/x /deep/file /etc/one; do
        run inside "$container" sh -c "echo x >$path"
        [ "$status" -ne 0 ]
        contains "$output" "Read-only file system"
    done
    other=$(new_container "$pod" parts two ".mounts = [$(part "$single" data/both /etc/one), $(part "$single" data /part)]")
    equal hidden "$(inside "$other" cat /etc/one)"
    equal $'both\ndeep\ngone\nlower\nprogram' "$(inside "$other" ls /part)"
}

@test "the status says which image a volume turned out to be" {
    pod=$(new_pod told)
    container=$(new_container "$pod" told one ".mounts = [$(part "$volume" data /a),
        {host_path: \"$BATS_TEST_TMPDIR\", container_path: \"/b\"}, $(part "$single" "" /c)]")
    run -0 crictl inspect "$container"
    for pair in "/a $volume data" "/c $single "; do
        read -r at image path <<<"$pair"
        mount=$(jq -c --arg at "$at" '.status.mounts[] | select(.containerPath == $at)' <<<"$output")
        equal "$image" "$(jq -r .image.image <<<"$mount")"
        equal "$path" "$(jq -r '.imageSubPath // ""' <<<"$mount")"
        equal "$(crictl inspecti "$image" | jq -r .status.id)" "$(jq -r .image.imageRef <<<"$mount")"
        equal true "$(jq -r .readonly <<<"$mount")"
    done
    equal null "$(jq -c '.status.mounts[] | select(.containerPath == "/b") | .image' <<<"$output")"
}

@test "links are followed inside the image" {
    pod=$(new_pod links)
    for image in "$volume" "$single"; do
        for path in links/inside links/climbing links/folder/end; do
            container=$(new_container "$pod" links "c$RANDOM" ".mounts = [$(part "$image" "$path")]")
            equal "end of a link" "$(inside "$container" cat /x)"
        done
    done
}

@test "what is missing or leads out is refused by name, and leaves nothing" {
    pod=$(new_pod refused)
    for image in "$volume" "$single"; do
        for path in data/missing missing data/both/x links/out links/up links/proc links/loop; do
            run create "c$RANDOM" "$(part "$image" "$path")" refused
            [ "$status" -ne 0 ]
            contains "$output" "code = NotFound"
            # The kubelet shows the first word as the reason why the pod waits.
            contains "$output" "ImageVolumeMountFailed: image volume at /x: the image has no '$path'"
        done
        for path in ../data data/../../etc /data; do
            run create "c$RANDOM" "$(part "$image" "$path")" refused
            [ "$status" -ne 0 ]
            contains "$output" "code = InvalidArgument"
            contains "$output" "mounts[0].image_sub_path '$path'"
        done
    done
    run create "c$RANDOM" "$(part example.test/carpel/absent:latest data)" refused
    [ "$status" -ne 0 ]
    contains "$output" "ImageVolumeMountFailed: image volume at /x"
    contains "$output" "example.test/carpel/absent:latest"
    run create "c$RANDOM" "$(part "$volume" data | jq '.readonly = false')" refused
    [ "$status" -ne 0 ]
    contains "$output" "code = InvalidArgument"
    equal "" "$(crictl ps -aq)"
}

@test "an image that is mounted stays on the disk without its names, over a crash of the agent, and goes with its container" {
    pod=$(new_pod kept)
    container=$(new_container "$pod" kept one ".mounts = [$(part "$volume" data)]")
    before=$(layer_directories)
    crictl rmi "$volume" "$single"
    run crictl inspecti "$volume"
    [ "$status" -ne 0 ]
    equal upper "$(inside "$container" cat /x/both)"
    kill -KILL "$(agent_pid "$agent_dir")"
    start_agent
    equal upper "$(inside "$container" cat /x/both)"
    equal data "$(crictl inspect "$container" | jq -r '.status.mounts[0].imageSubPath')"
    # The lower layer was the other image's, too.
    equal "$before" "$(layer_directories)"
    crictl rm -f "$container"
    wait_for 20 layers_are $((before - 2))
    carpel image import --quiet --connect "$agent_dir/carpel.sock" "$BATS_FILE_TMPDIR/layout"
}

layers_are() {
    [ "$(layer_directories)" -eq "$1" ]
}
