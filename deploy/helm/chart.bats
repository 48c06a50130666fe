#!/usr/bin/env bats
# The chart as helm alone sees it, without a cluster.

bats_require_minimum_version 1.5.0

top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
for part in say packages go helm; do
    # shellcheck source=/dev/null
    . "$top/deploy/lib/$part.sh"
done
chart=$top/charts/carpel

setup_file() {
    need_helm >&2
}

setup() {
    export HELM_TEST_HOME=$BATS_TEST_TMPDIR
    need_helm
}

render() {
    run_helm template carpel "$chart" --namespace carpel "$@"
}

# refused NAME arguments…: rendering fails, and says which value it is.
refused() {
    local name=$1
    shift
    run render "$@"
    [ "$status" -ne 0 ] || {
        echo "helm took: $*"
        return 1
    }
    case $output in
        *"$name"*) ;;
        *) printf 'not named: %s\nin: %s\n' "$name" "$output" && return 1 ;;
    esac
}

@test "helm lint finds nothing" {
    run_helm lint --strict "$chart"
    run_helm lint --strict "$chart" --set switch.enabled=true --set apiServer.host=192.0.2.1
    run_helm lint --strict "$chart" --set serviceMonitor.enabled=true --set config.metrics.listen=0.0.0.0:9475
}

@test "a value that does not exist is refused" {
    refused instaler --set instaler.x=1
    refused noode --set switch.noode=1
    refused levle --set config.log.levle=debug
    refused listen2 --set config.listen2=/x
    refused user-namspace --set config.handlers.remap.user-namspace=true
}

@test "a value of the wrong kind is refused" {
    refused level --set config.log.level=loud
    refused max-parallel-downloads --set config.image.max-parallel-downloads=0
    refused max-parallel-downloads --set-string config.image.max-parallel-downloads=3
    refused ready-notify --set-string config.ready-notify=true
    refused stall-timeout --set config.image.stall-timeout=soon
    refused shm-size --set config.pod.shm-size=64MB
    refused listen --set config.listen=carpel.sock
    refused bin-dir --set config.cni.bin-dir=/opt/cni/bin
    refused default-capabilities --set 'config.security.default-capabilities={chown}'
    refused range --set config.bridge.range=10.0.0.0
    refused 'My Handler' --set 'config.handlers.My Handler.user-namespace=true'
    refused rlimits --set 'config.handlers.remap.rlimits={FILES=1:2}'
    refused nodeLabel --set switch.nodeLabel=yes
    refused digest --set image.digest=sha256:123
    refused intervalSeconds --set installer.intervalSeconds=0
    refused startTimeoutSeconds --set installer.startTimeoutSeconds=0
    refused hostRoot --set installer.hostRoot=srv/node
    refused serviceCommand --set-string installer.serviceCommand=/sbin/service
    refused interval --set serviceMonitor.interval=often
    refused maxUnavailable --set installer.maxUnavailable=101%
}

@test "a cluster that is too old is refused" {
    refused 1.32 --kube-version 1.31.9
    render --kube-version 1.32.0 >/dev/null
}

# The agent reads the file as it would on a node, so that no value means one thing to helm and another here.
@test "the agent understands the configuration that the chart writes" {
    render --set config.log.level=debug --set config.image.max-parallel-downloads=7 \
        --set config.pod.shm-size=128MiB --set 'config.security.default-capabilities={CHOWN,KILL}' \
        --set config.handlers.remap.user-namespace=true --set 'config.handlers.remap.rlimits={NOFILE=64:128}' \
        --show-only templates/configmap.yaml >"$BATS_TEST_TMPDIR/map.yaml"
    # The block scalar, less its indentation.
    awk '/^  config.toml: / { on = 1; next } /^  [^ ]/ { on = 0 } on' "$BATS_TEST_TMPDIR/map.yaml" \
        | sed 's/^    //' >"$BATS_TEST_TMPDIR/config.toml"
    run "$top/deploy/bin/carpel" config show --config "$BATS_TEST_TMPDIR/config.toml"
    [ "$status" -eq 0 ] || {
        echo "$output"
        return 1
    }
    [[ $output == *'level = "debug"  # '*config.toml:* ]]
    [[ $output == *'max-parallel-downloads = 7  # '* ]]
    [[ $output == *'shm-size = "128MiB"  # '* ]]
    [[ $output == *'default-capabilities = ["CHOWN", "KILL"]  # '* ]]
    [[ $output == *'[handlers.carpel]'* ]]
    [[ $output == *'[handlers.remap]'*'rlimits = ["NOFILE=64:128"]'* ]]
    # None is left to its default: the chart writes all that the agent knows.
    [[ $output != *'# default'* ]]
}
