#!/usr/bin/env bats
# Images from a real registry, and from one that misbehaves.

load support

# Ports are chosen before the agent starts, for its rules have to name them.
setup_file() {
    export faulty_address secured_port
    faulty_address=127.0.0.1:$(free_port)
    secured_port=$(free_port)
    {
        cat "$CARPEL_TEST_REGISTRIES_CONF"
        printf '\n[[registry]]\nlocation = "%s"\ninsecure = true\n' \
            "$faulty_address" "127.0.0.1:$secured_port"
    } >"$BATS_FILE_TMPDIR/registries.conf"
    CARPEL_TEST_REGISTRIES_CONF=$BATS_FILE_TMPDIR/registries.conf
    mkdir "$BATS_FILE_TMPDIR/helpers" "$BATS_FILE_TMPDIR/registries.conf.d"
    PATH=$BATS_FILE_TMPDIR/helpers:$PATH start_agent --image-pinned 'gcr.io/k8s-staging-cri-tools/*'
}

teardown_file() {
    stop_agent
}

teardown() {
    remove_pods
    crictl rmi -a >/dev/null 2>&1 || true
    if [ -n "${faulty:-}" ]; then
        kill "$faulty"
        wait "$faulty" || true
    fi
    registry_stop "$BATS_TEST_TMPDIR" secured
}

images_present() {
    crictl images -q | wc -l
}

# Nothing of a failed pull: no image, no layer, no file that waits for more.
nothing_left() {
    equal 0 "$(images_present)"
    local leftovers
    leftovers=$(find "$agent_dir/state/images" -type f \
        -not -name oci-layout -not -name index.json -not -name '*.lock')
    equal "" "$leftovers"
    leftovers=$(find "$agent_dir/state/images/layers" -mindepth 1 -maxdepth 1 2>/dev/null || true)
    equal "" "$leftovers"
}

# Starts a proxy before the registry that spoils its answers.
start_faulty() {
    python3 "$BATS_TEST_DIRNAME/faulty_registry.py" "$1" "$CARPEL_TEST_REGISTRY" \
        "$faulty_address" >"$BATS_TEST_TMPDIR/faulty.log" 2>&1 3>&- &
    faulty=$!
    wait_for 10 curl -fsS -o /dev/null "http://$faulty_address/v2/"
}

@test "an index, docker's own schema and zstd layers" {
    crictl pull "$busybox"
    crictl pull gcr.io/k8s-staging-cri-tools/test-image-tag:test
    crictl pull example.test/carpel/zstd:latest
    pod=$(new_pod kinds)
    for image in gcr.io/k8s-staging-cri-tools/test-image-tag:test example.test/carpel/zstd:latest; do
        container=$(new_container "$pod" kinds "of-$(basename "$image" | tr : -)" ".image.image = \"$image\"")
        [ -n "$(inside "$container" cat /mark)" ]
    done
}

@test "an image is pinned by configuration, and removed all the same when that is asked for" {
    crictl pull "$busybox"
    crictl pull gcr.io/k8s-staging-cri-tools/test-image-tag:test
    equal true "$(crictl inspecti -o go-template --template '{{.status.pinned}}' \
        gcr.io/k8s-staging-cri-tools/test-image-tag:test)"
    differ true "$(crictl inspecti -o go-template --template '{{.status.pinned}}' "$busybox")"
    crictl rmi gcr.io/k8s-staging-cri-tools/test-image-tag:test
    equal 1 "$(images_present)"
}

@test "an image by digest has no tag" {
    digest=$(curl -fsSI -H 'Accept: application/vnd.oci.image.index.v1+json' \
        "http://$CARPEL_TEST_REGISTRY/v2/carpel/busybox/manifests/latest" \
        | tr -d '\r' | sed -n 's/^[Dd]ocker-[Cc]ontent-[Dd]igest: //p')
    crictl pull "example.test/carpel/busybox@$digest"
    run -0 crictl inspecti "example.test/carpel/busybox@$digest"
    equal 0 "$(jq '.status.repoTags | length' <<<"$output")"
    equal "example.test/carpel/busybox@$digest" "$(jq -r '.status.repoDigests[0]' <<<"$output")"
}

@test "one image under two names goes with either of them" {
    crictl pull registry.k8s.io/pause:3.9
    crictl pull k8s.gcr.io/pause:3.9
    equal 1 "$(images_present)"
    equal 2 "$(crictl images -o json | jq '.images[0].repoTags | length')"
    crictl rmi k8s.gcr.io/pause:3.9
    nothing_left
}

@test "an image that a container uses survives its removal, and goes with the container" {
    crictl pull "$busybox"
    pod=$(new_pod user)
    container=$(new_container "$pod" user one)
    crictl rmi "$busybox" || true
    inside "$container" ls /bin/busybox
    remove_pods
    crictl rmi -a || true
    nothing_left
}

@test "the set-uid bit, owners and hard links are there after unpacking" {
    image=registry.k8s.io/e2e-test-images/nonewprivs:1.3
    crictl pull "$image"
    pod=$(new_pod bits)
    container=$(new_container "$pod" bits one ".image.image = \"$image\" | .command = [\"sleep\", \"1000\"]")
    equal 4755 "$(inside "$container" stat -c %a /nnp)"
    equal "$(inside "$container" stat -c %i /bin/busybox)" "$(inside "$container" stat -c %i /bin/ls)"
}

@test "malformed references are refused as such" {
    for reference in 'example.test/UPPER' 'a b' 'x:' 'example.test/x@sha256:123' '://nothing'; do
        run crictl pull "$reference"
        [ "$status" -ne 0 ]
        contains "$output" "InvalidArgument"
    done
}

@test "an image that does not exist is not found" {
    run crictl pull "$CARPEL_TEST_REGISTRY/carpel/missing:latest"
    [ "$status" -ne 0 ]
    contains "$output" "NotFound"
    contains "$output" "missing"
    nothing_left
}

@test "a container of an image that was not pulled is not found" {
    pod=$(new_pod absent)
    run crictl create --no-pull "$pod" "$(container_file one)" "$BATS_TEST_TMPDIR/pod-absent.json"
    [ "$status" -ne 0 ]
    contains "$output" "NotFound"
    equal "" "$(crictl ps -aq)"
}

@test "a layer with a wrong digest is refused, and nothing of it stays" {
    start_faulty corrupt
    run crictl pull "$faulty_address/carpel/busybox:latest"
    [ "$status" -ne 0 ]
    contains "$output" "sha256:"
    nothing_left
}

@test "a transfer that breaks off goes on where it broke" {
    start_faulty cut-once
    crictl pull "$faulty_address/carpel/busybox:latest"
    equal 1 "$(images_present)"
}

@test "a registry that breaks off every transfer is given up" {
    start_faulty cut
    run crictl pull "$faulty_address/carpel/busybox:latest"
    [ "$status" -ne 0 ]
    nothing_left
}

@test "a registry that hangs does not outlast the caller's patience" {
    start_faulty hang
    started=$SECONDS
    run crictl --timeout 3s pull --pull-timeout 3s "$faulty_address/carpel/busybox:latest"
    [ "$status" -ne 0 ]
    contains "$output" "Deadline"
    [ $((SECONDS - started)) -lt 30 ]
    wait_for 20 nothing_left
}

@test "a registry with a password and TLS" {
    make_secured
    address=$(cat "$BATS_TEST_TMPDIR/secured.address")
    run crictl pull "$address/carpel/busybox:latest"
    [ "$status" -ne 0 ]
    run crictl pull --creds someone:wrong "$address/carpel/busybox:latest"
    [ "$status" -ne 0 ]
    [[ $output != *wrong* ]]
    nothing_left
    crictl pull --creds someone:secret "$address/carpel/busybox:latest"
    equal 1 "$(images_present)"
    crictl rmi -a
    # Logins of the host: a helper that has one, and one that is broken.
    printf 'credential-helpers = ["containers-auth.json", "test"]\n' \
        >"$BATS_FILE_TMPDIR/registries.conf.d/helpers.conf"
    helper "printf '{\"Username\": \"someone\", \"Secret\": \"secret\"}'; cat >'$BATS_TEST_TMPDIR/asked'"
    crictl pull "$address/carpel/busybox:latest"
    equal 1 "$(images_present)"
    equal "$address" "$(cat "$BATS_TEST_TMPDIR/asked")"
    crictl rmi -a
    helper 'echo the cloud is down >&2; exit 4'
    run crictl pull "$address/carpel/busybox:latest"
    rm "$BATS_FILE_TMPDIR/registries.conf.d/helpers.conf"
    [ "$status" -ne 0 ]
    contains "$output" "credential helper 'test' for $address"
    contains "$output" "the cloud is down"
    nothing_left
}

# What asks for a login runs this script.
helper() {
    printf '#!/bin/sh\n%s\n' "$1" >"$BATS_FILE_TMPDIR/helpers/docker-credential-test"
    chmod +x "$BATS_FILE_TMPDIR/helpers/docker-credential-test"
}

# A registry over what the other one stores, behind TLS and a password.
make_secured() {
    cd "$BATS_TEST_TMPDIR" || return
    openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 \
        -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 2>/dev/null
    # bcrypt of "secret"
    echo 'someone:$2y$05$PWraX0UGuiPpwHwoNPxf2uHY3rC07A7WCaZpF3Akp3voCm2c3H8Ry' >passwords
    cp -al "$CARPEL_TEST_REGISTRY_STORE" secured
    cat >secured.extra.yml <<EOF
http:
  addr: @ADDRESS@
  tls:
    certificate: $PWD/cert.pem
    key: $PWD/key.pem
auth:
  htpasswd:
    realm: test
    path: $PWD/passwords
EOF
    need_registry
    registry_port=$secured_port registry_start "$BATS_TEST_TMPDIR" secured 3>&-
}

@test "archives: export, import, and the same id again" {
    crictl pull "$busybox"
    id=$(crictl inspecti "$busybox" | jq -r .status.id)
    carpel image export --connect "$agent_dir/carpel.sock" --output "$BATS_TEST_TMPDIR/busybox.tar" "$busybox"
    crictl rmi "$busybox"
    carpel image import --connect "$agent_dir/carpel.sock" "$BATS_TEST_TMPDIR/busybox.tar"
    equal "$id" "$(crictl inspecti "$busybox" | jq -r .status.id)"
}
