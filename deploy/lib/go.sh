# shellcheck shell=bash
# crictl, critest and our own clients, built from the Go modules that deploy/tools/go.mod pins.

# The tree that this file is part of; the script that sources it says where.
: "${top:?}"
tools_source=$top/deploy/tools

# Puts a Go that is new enough for go.mod on the PATH. A distribution's Go may be older: from 1.21
# on it fetches the release that go.mod asks for by itself, an older one is handed it as the module
# it is.
need_go() {
    local wanted have toolchain
    wanted=$(sed -n 's/^go //p' "$tools_source/go.mod")
    if ! command -v go >/dev/null && [ -x /usr/local/go/bin/go ]; then
        PATH=$PATH:/usr/local/go/bin
    fi
    command -v go >/dev/null || need_packages golang-go
    have=$(cd / && go env GOVERSION)
    have=${have#go}
    if version_at_least "$have" "$wanted"; then
        return
    fi
    if version_at_least "$have" 1.21; then
        export GOTOOLCHAIN=auto
        return
    fi
    toolchain=golang.org/toolchain@v0.0.1-go$wanted.$(go env GOOS)-$(go env GOARCH)
    say "go $have is too old for the test tools: fetching $toolchain"
    toolchain=$(cd / && go mod download -json "$toolchain" | sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p')
    [ -n "$toolchain" ] || die "go $have could not fetch the toolchain go$wanted"
    # A module keeps no execute bits.
    chmod -R u+w "$toolchain/bin" "$toolchain/pkg/tool"
    find "$toolchain/bin" "$toolchain/pkg/tool" -type f -exec chmod 0755 {} +
    PATH=$toolchain/bin:$PATH
}

version_at_least() {
    [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]
}

# Sets tools_dir to a directory with crictl, critest, ginkgo (which runs critest's specs in parallel),
# cribench and cristreams.
need_tools() {
    local key
    key=$(cat "$tools_source"/go.mod "$tools_source"/go.sum "$tools_source"/*/*.go | sha256sum | cut -c1-16)
    tools_dir=$(cache_dir)/tools/$key
    [ ! -e "$tools_dir/complete" ] || return 0
    need_go
    say "building crictl, critest, ginkgo, cribench and cristreams ($tools_dir)"
    mkdir -p "$tools_dir"
    (
        cd "$tools_source"
        export CGO_ENABLED=0 GOFLAGS=-buildvcs=false
        go build -trimpath -o "$tools_dir/crictl" sigs.k8s.io/cri-tools/cmd/crictl
        go build -trimpath -o "$tools_dir/ginkgo" github.com/onsi/ginkgo/v2/ginkgo
        go build -trimpath -o "$tools_dir/" ./cribench ./cristreams
        go test -trimpath -c -o "$tools_dir/critest" sigs.k8s.io/cri-tools/cmd/critest
    ) || die "the test tools do not build"
    touch "$tools_dir/complete"
}
