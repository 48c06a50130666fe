# shellcheck shell=bash
# Kubernetes for the cluster tests, built from the Go module that deploy/cluster/go.mod pins.

# The tree that this file is part of; the script that sources it says where.
: "${top:?}"
kube_source=$top/deploy/cluster

kube_key() {
    (cd "$kube_source" && cat go.mod go.sum ./*/*.go) | sha256sum | cut -c1-16
}

kube_is_built() {
    [ -e "$(cache_dir)/kube/$(kube_key)/complete" ]
}

# Sets kube_dir to a directory with `kube`, which is etcd, the control plane, the kubelet and kubectl
# by whatever name it is called, and with the programs of the test images.
need_kube() {
    local version package flags=""
    kube_dir=$(cache_dir)/kube/$(kube_key)
    ! kube_is_built || return 0
    need_go
    version=$(sed -n 's/^.*k8s.io\/kubernetes \(v[0-9.]*\)$/\1/p' "$kube_source/go.mod" | head -n 1)
    say "building Kubernetes $version, which takes a while the first time ($kube_dir)"
    for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
        flags+=" -X $package.gitVersion=$version -X $package.gitMajor=1 -X $package.gitMinor=$(cut -d. -f2 <<<"$version")"
    done
    mkdir -p "$kube_dir"
    (
        cd "$kube_source"
        export CGO_ENABLED=0 GOFLAGS=-buildvcs=false
        nice go build -trimpath -ldflags "-s -w$flags" -o "$kube_dir/kube" ./kube
        nice go build -trimpath -ldflags "-s -w" -o "$kube_dir/health" ./health
    ) || die "Kubernetes does not build"
    touch "$kube_dir/complete"
}

# Sets metrics_server to that program, for `kubectl top`. It is pinned on its own, in deploy/cluster/metrics:
# in one module with Kubernetes it would lift what Kubernetes is built with.
need_metrics_server() {
    local dir source=$kube_source/metrics
    dir=$(cache_dir)/metrics-server/$(cat "$source/go.mod" "$source/go.sum" | sha256sum | cut -c1-16)
    metrics_server=$dir/metrics-server
    [ ! -e "$dir/complete" ] || return 0
    need_go
    say "building the metrics server ($dir)"
    mkdir -p "$dir"
    (
        cd "$source"
        export CGO_ENABLED=0 GOFLAGS=-buildvcs=false
        nice go build -trimpath -ldflags "-s -w" -o "$metrics_server" sigs.k8s.io/metrics-server/cmd/metrics-server
    ) || die "the metrics server does not build"
    touch "$dir/complete"
}
