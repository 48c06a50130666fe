#!/usr/bin/env bats
# CNI networks: Debian's plugins, and one that fails as it is told to. The agent lives in a network
# namespace of its own, so that bridges and rules of the plugins are made there.

load support

setup() {
    netns=carpel-test-host-$$
    ip netns add "$netns"
    ip -n "$netns" link set lo up
    conf=$BATS_TEST_TMPDIR/net.d
    plugins=$BATS_TEST_TMPDIR/plugins
    mkdir "$conf" "$plugins"
    agent_dir=$BATS_TEST_TMPDIR/agent
    mkdir "$agent_dir"
}

teardown() {
    rm -f "$BATS_TEST_TMPDIR/fail" "$BATS_TEST_TMPDIR/hang"
    if [ -n "$(agent_pid "$agent_dir")" ]; then
        remove_pods
    fi
    in_host "$top/deploy/down" "$agent_dir"
    ip netns delete "$netns"
}

in_host() {
    nsenter --net="/run/netns/$netns" "$@"
}

start_cni_agent() {
    # nsenter runs programs, not functions; the launcher's process becomes the agent.
    in_host "$top/deploy/up" "$agent_dir" --registries-conf "$CARPEL_TEST_REGISTRIES_CONF" \
        --cni-conf-dir "$conf" --cni-bin-dir "$plugins,/usr/lib/cni"
    # The registry is on the loopback of another network namespace.
    carpel image import --quiet --connect "$agent_dir/carpel.sock" "$CARPEL_TEST_IMAGES/layout" \
        >/dev/null
}

# conflist NAME [further plugins as JSON]
conflist() {
    jq -n --arg data "$BATS_TEST_TMPDIR/leases" --argjson more "[${2:-}]" '{
        cniVersion: "1.0.0", name: "test", plugins: ([
            {type: "bridge", bridge: "cni-test0", isGateway: true, ipMasq: false,
             ipam: {type: "host-local", dataDir: $data,
                    ranges: [[{subnet: "10.199.0.0/24"}]], routes: [{dst: "0.0.0.0/0"}]}}
        ] + $more)}' >"$conf/$1"
}

# A plugin that fails, or hangs, for the commands that the files `fail` and `hang` name while they
# exist, and otherwise passes on what it was given.
failing_plugin() {
    cat >"$plugins/scripted" <<EOF
#!/bin/sh
input=\$(cat)
echo "\$CNI_COMMAND \$CNI_CONTAINERID" >>"$BATS_TEST_TMPDIR/calls"
while grep -qs "\$CNI_COMMAND" "$BATS_TEST_TMPDIR/hang"; do
    sleep 0.1
done
if grep -qs "\$CNI_COMMAND" "$BATS_TEST_TMPDIR/fail"; then
    echo '{"cniVersion": "1.0.0", "code": 100, "msg": "told to fail"}'
    exit 1
fi
case \$CNI_COMMAND in
    ADD) printf '%s' "\$input" | jq .prevResult ;;
    VERSION) echo '{"cniVersion": "1.0.0", "supportedVersions": ["0.4.0", "1.0.0"]}' ;;
esac
EOF
    chmod +x "$plugins/scripted"
}

leases() {
    find "$BATS_TEST_TMPDIR/leases/test" -name '10.*' 2>/dev/null || true
}

@test "bridge, host-local and portmap: an address, a way out, a host port, and nothing left" {
    conflist 10-test.conflist '{"type": "portmap", "capabilities": {"portMappings": true}, "backend": "iptables"}'
    start_cni_agent
    contains "$(crictl info)" '"NetworkReady"'
    pod=$(new_pod web '.port_mappings = [{container_port: 80, host_port: 18080}]')
    container=$(new_container "$pod" web one \
        '.command = ["sh", "-c", "echo hello >/tmp/index.html; exec httpd -f -p 80 -h /tmp"]')
    address=$(crictl inspectp "$pod" | jq -r .status.network.ip)
    [[ $address == 10.199.0.* ]]
    contains "$(inside "$container" ip -4 -o addr show dev eth0)" "$address/24"
    equal 1 "$(leases | wc -l)"
    wait_for 10 in_host curl -fsS -o /dev/null "http://$address/"
    equal hello "$(in_host curl -fsS "http://127.0.0.1:18080/")"
    remove_pods
    equal "" "$(leases)"
    equal 0 "$(in_host ip -o link show type veth | wc -l)"
    run in_host curl -fsS -m 2 "http://127.0.0.1:18080/"
    [ "$status" -ne 0 ]
}

@test "a pod's bandwidth annotations reach the plugin that can limit traffic, and no other is told" {
    failing_plugin
    # The plugins' own words, as Debian's bandwidth plugin reads them.
    conflist 10-test.conflist '{"type": "scripted"},
        {"type": "bandwidth", "capabilities": {"bandwidth": true}}'
    start_cni_agent
    sed -i "s|^input=.*|&; printf '%s\n' \"\$input\" >>$BATS_TEST_TMPDIR/inputs|" "$plugins/scripted"
    pod=$(new_pod slow '.annotations = {"kubernetes.io/ingress-bandwidth": "8M", "kubernetes.io/egress-bandwidth": "1.5Mi",
        "kubernetes.io/other-bandwidth": "nonsense"}')
    # In the units of tc: the host's end of the cable sends what comes in.
    veth=$(in_host ip -o link show type veth | sed -n 's/^[0-9]*: \([^@:]*\)[@:].*/\1/p')
    contains "$(in_host tc qdisc show dev "$veth")" "rate 8Mbit"
    contains "$(in_host tc qdisc show)" "rate 1572Kbit"
    grep -q bandwidth "$BATS_TEST_TMPDIR/inputs" && false
    # An agent that was started since knows them still.
    kill -KILL "$(agent_pid "$agent_dir")"
    in_host "$top/deploy/up" "$agent_dir" --registries-conf "$CARPEL_TEST_REGISTRIES_CONF" \
        --cni-conf-dir "$conf" --cni-bin-dir "$plugins,/usr/lib/cni"
    crictl rmp -f "$pod"
    equal 0 "$(in_host ip -o link show type veth | wc -l)"
    for wrong in ingress:10MB egress:999 ingress:2P egress:; do
        run crictl runp "$(pod_file wrong ".annotations = {\"kubernetes.io/${wrong%:*}-bandwidth\": \"${wrong#*:}\"}")"
        [ "$status" -ne 0 ]
        contains "$output" "code = InvalidArgument"
        contains "$output" "annotation kubernetes.io/${wrong%:*}-bandwidth '${wrong#*:}'"
    done
    equal "" "$(crictl pods -q)"
    equal "" "$(leases)"
}

@test "a failing ADD is an error with the plugin's words, and what came before is undone" {
    failing_plugin
    conflist 10-test.conflist '{"type": "scripted"}'
    start_cni_agent
    echo ADD >"$BATS_TEST_TMPDIR/fail"
    run crictl runp "$(pod_file broken)"
    [ "$status" -ne 0 ]
    contains "$output" "told to fail"
    contains "$output" "scripted"
    equal "" "$(crictl pods -q)"
    equal "" "$(leases)"
    equal 0 "$(in_host ip -o link show type veth | wc -l)"
    contains "$(cat "$BATS_TEST_TMPDIR/calls")" DEL
    rm "$BATS_TEST_TMPDIR/fail"
    new_pod broken
}

@test "a failing DEL is told and tried again" {
    failing_plugin
    conflist 10-test.conflist '{"type": "scripted"}'
    start_cni_agent
    pod=$(new_pod stubborn)
    echo DEL >"$BATS_TEST_TMPDIR/fail"
    run crictl stopp "$pod"
    [ "$status" -ne 0 ]
    contains "$output" "told to fail"
    rm "$BATS_TEST_TMPDIR/fail"
    crictl stopp "$pod"
    crictl rmp "$pod"
    equal "" "$(leases)"
}

@test "a plugin that hangs holds up its own pod only" {
    failing_plugin
    conflist 10-test.conflist '{"type": "scripted"}'
    start_cni_agent
    ready=$(new_pod ready)
    echo ADD >"$BATS_TEST_TMPDIR/hang"
    crictl runp "$(pod_file stuck)" >"$BATS_TEST_TMPDIR/stuck" 2>/dev/null 3>&- &
    stuck=$!
    wait_for 10 sh -c "[ \$(grep -c ADD '$BATS_TEST_TMPDIR/calls') -ge 2 ]"
    contains "$(crictl info)" '"NetworkReady"'
    contains "$(crictl pods -q)" "$ready"
    container=$(new_container "$ready" ready one)
    equal fine "$(inside "$container" echo fine)"
    crictl rmp -f "$ready"
    kill -0 "$stuck"
    rm "$BATS_TEST_TMPDIR/hang"
    wait "$stuck"
    equal "$(cat "$BATS_TEST_TMPDIR/stuck")" "$(crictl pods -q)"
}

@test "a pod is taken down after a restart by what was written down when it came up" {
    conflist 10-test.conflist
    start_cni_agent
    pod=$(new_pod remembered)
    equal 1 "$(leases | wc -l)"
    kill -KILL "$(agent_pid "$agent_dir")"
    # The configuration is gone; the cached result is not.
    rm "$conf/10-test.conflist"
    in_host "$top/deploy/up" "$agent_dir" --registries-conf "$CARPEL_TEST_REGISTRIES_CONF" \
        --cni-conf-dir "$conf" --cni-bin-dir "$plugins,/usr/lib/cni"
    crictl rmp -f "$pod"
    equal "" "$(leases)"
}

@test "a configuration that comes, changes and goes is seen without a restart" {
    start_cni_agent
    contains "$(crictl info)" '"NetworkReady"'
    builtin=$(crictl inspectp "$(new_pod one)" | jq -r .status.network.ip)
    conflist 10-test.conflist
    wait_for 10 address_of two 10.199.0.
    rm "$conf/10-test.conflist"
    wait_for 10 address_of three "${builtin%.*}."
}

# address_of NAME PREFIX: a new pod gets such an address.
address_of() {
    local pod
    pod=$(new_pod "$1")
    case $(crictl inspectp "$pod" | jq -r .status.network.ip) in
        "$2"*) return 0 ;;
    esac
    crictl rmp -f "$pod" >/dev/null
    return 1
}
