#!/usr/bin/env bats
# Volumes.

load support

@test "volumes.yaml: maps, secrets, projected, memory, sub paths, host paths, environment" {
    ready volumes
    equal "from a map" "$(inside volumes cat /map/plain)"
    equal 00010203 "$(inside volumes od -An -tx1 /map/bytes | tr -d ' ')"
    equal "from a map" "$(inside volumes cat /etc/one)"
    equal s3cret "$(inside volumes cat /secret/password)"
    equal 400 "$(inside volumes stat -L -c %a /secret/password)"
    contains "$(inside volumes df -t tmpfs)" /secret
    equal 3 "$(inside volumes cat /projected/token | tr '.' '\n' | grep -c .)"
    contains "$(inside volumes cat /projected/labels)" 'color="green"'
    equal 250 "$(inside volumes cat /projected/cpu)"
    equal "from a map" "$(inside volumes cat /projected/deep/er/plain)"
    equal 4096 "$(inside volumes df -k /memory | awk 'END { print $2 }')"
    equal below "$(inside volumes cat /sub/file)"
    equal expanded "$(inside volumes cat /expanded/file)"
    inside volumes test -e /host/hosts
    run ! inside volumes touch /host/written
    equal "volumes $cluster_node $(field pod/volumes .status.podIP) s3cret from a map" \
        "$(inside volumes sh -c 'echo $NAME $NODE $ADDRESS $PASSWORD $MAP_plain')"
    inside volumes test -s /var/run/secrets/kubernetes.io/serviceaccount/token
    shown "16 mounts of 6 kinds, each with its content, owner and mode"
}

@test "volumes.yaml: a changed map reaches the running pod" {
    kubectl patch configmap volumes -p '{"data":{"plain":"changed"}}'
    # The kubelet looks again when the pod changes.
    kubectl annotate pod volumes touched=1 --overwrite
    wait_for 90 map_changed
    equal "from a map" "$(inside volumes cat /etc/one)"
    shown "the mounted map changed, the one by sub path did not, as documented"
}

map_changed() {
    [ "$(inside volumes cat /map/plain)" = changed ]
}

@test "image-volume.yaml: files of another image, whole and by sub path" {
    ready image-volume
    contains "$(inside image-volume cat /whole/var/www/index.html)" "served by httpd"
    contains "$(inside image-volume cat /part/index.html)" "served by httpd"
    run ! inside image-volume touch /whole/file
    shown "read-only, both ways"
}
