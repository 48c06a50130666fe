# shellcheck shell=bash
# helm and helm-unittest, built from the Go modules that deploy/helm/go.mod pins.

# The tree that this file is part of; the script that sources it says where.
: "${top:?}"
helm_source=$top/deploy/helm

# Sets helm_dir to a directory with helm and helm-unittest. Needs go.sh.
need_helm() {
    local key kubernetes flags
    key=$(cat "$helm_source/go.mod" "$helm_source/go.sum" "$top/deploy/lib/helm.sh" | sha256sum | cut -c1-16)
    helm_dir=$(cache_dir)/helm/$key
    [ ! -e "$helm_dir/complete" ] || return 0
    need_go
    say "building helm and helm-unittest, which takes minutes the first time ($helm_dir)"
    mkdir -p "$helm_dir"
    # The cluster that charts are rendered for without one is that of the client library, as in
    # helm's own releases; without this it would be 1.20.
    kubernetes=$(sed -n 's/^.*k8s.io\/client-go v0\.\([0-9]*\)\..*$/\1/p' "$helm_source/go.mod" | head -n 1)
    flags="-s -w -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1"
    flags+=" -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=$kubernetes"
    flags+=" -X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMajor=1"
    flags+=" -X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor=$kubernetes"
    (
        cd "$helm_source"
        export CGO_ENABLED=0 GOFLAGS=-buildvcs=false
        nice go build -trimpath -ldflags "$flags" -o "$helm_dir/helm" helm.sh/helm/v3/cmd/helm
        nice go build -trimpath -ldflags "$flags" -o "$helm_dir/helm-unittest" \
            github.com/helm-unittest/helm-unittest/cmd/helm-unittest
    ) || die "helm does not build"
    touch "$helm_dir/complete"
}

# run_helm arguments…: with nothing of the user's own: no plugins, repositories or cache.
run_helm() {
    local home=${HELM_TEST_HOME:-/var/empty}
    env -u HELM_NAMESPACE HELM_CONFIG_HOME="$home" HELM_CACHE_HOME="$home" HELM_DATA_HOME="$home" \
        HELM_PLUGINS="$home" "${helm_dir:?need_helm sets it}/helm" "$@"
}
