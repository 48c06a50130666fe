#!/usr/bin/env bats
# Exec, attach and port-forward as crictl does them, over both transports.

load support
load one_agent

teardown() {
    local pid
    for pid in "${started[@]}"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    remove_pods
}

started=()

# A real terminal around a command: see terminal.py.
terminal() {
    python3 "$top/deploy/blackbox/terminal.py" "$@"
}

crictl_words() {
    words=("$CARPEL_TEST_TOOLS/crictl" --config /dev/null --timeout 60s
        --runtime-endpoint "unix://$agent_dir/carpel.sock"
        --image-endpoint "unix://$agent_dir/carpel.sock")
}

file_has() {
    grep -q "$2" "$1"
}

@test "exec keeps output, error output and exit code apart" {
    pod=$(new_pod plain)
    container=$(new_container "$pod" plain main)
    for transport in spdy websocket; do
        run -0 --separate-stderr crictl exec --transport "$transport" "$container" \
            sh -c 'echo out; echo err >&2'
        equal out "$output"
        equal err "$stderr"
        run crictl exec --transport "$transport" "$container" sh -c 'exit 42'
        [ "$status" -ne 0 ]
        contains "$output" 42
        run crictl exec --transport "$transport" "$container" no-such-program
        [ "$status" -ne 0 ]
        contains "$output" no-such-program
    done
}

@test "exec -i feeds input to its end" {
    pod=$(new_pod input)
    container=$(new_container "$pod" input main)
    head -c 50000000 /dev/urandom >"$BATS_TEST_TMPDIR/random"
    for transport in spdy websocket; do
        equal "$(sha256sum <"$BATS_TEST_TMPDIR/random")" \
            "$(crictl exec -i --transport "$transport" "$container" sha256sum <"$BATS_TEST_TMPDIR/random")"
        equal "$(sha256sum <"$BATS_TEST_TMPDIR/random")" \
            "$(crictl exec -i --transport "$transport" "$container" cat <"$BATS_TEST_TMPDIR/random" | sha256sum)"
        # A command that ends with input left over: its last words arrive all the same.
        for _ in 1 2 3; do
            run -0 crictl exec -i --transport "$transport" "$container" sh -c 'head -c 3; echo; echo bye' </dev/zero
            contains "$output" bye
        done
    done
}

@test "a command that is slow to read gets all of its input" {
    pod=$(new_pod slow)
    container=$(new_container "$pod" slow main)
    # More than the stream server ever holds for all its clients.
    head -c 200000000 /dev/urandom >"$BATS_TEST_TMPDIR/random"
    for transport in spdy websocket; do
        equal "$(sha256sum <"$BATS_TEST_TMPDIR/random")" \
            "$(crictl exec -i --transport "$transport" "$container" sh -c 'sleep 2; sha256sum' <"$BATS_TEST_TMPDIR/random")"
    done
}

# Of some of these sizes the last piece waits in the agent when the command has ended; the others lie in
# buffers of the kernel and the client, or make the command wait.
@test "a client that pauses gets what is left of the output, long after the command has ended" {
    pod=$(new_pod pause)
    container=$(new_container "$pod" pause main)
    crictl_words
    mkdir "$BATS_TEST_TMPDIR/read"
    for i in $(seq 0 63); do
        size=$((1500000 + i * 100000))
        transport=spdy
        [ $((i % 2)) -eq 0 ] || transport=websocket
        "${words[@]}" exec --transport $transport "$container" head -c $size /dev/zero 3>&- \
            | (sleep 13; wc -c) >"$BATS_TEST_TMPDIR/read/$transport.$size" 3>&- &
    done
    wait
    for got in "$BATS_TEST_TMPDIR"/read/*; do
        equal "${got##*.}" "$(cat "$got")"
    done
}

# echoed TRANSPORT WINDOW arguments of crictl…: a gibibyte there and back again.
echoed() {
    local transport=$1 window=$2
    shift 2
    crictl_words
    run -0 python3 "$top/deploy/blackbox/echoed.py" $((1 << 30)) "$window" "${words[@]}" "$@"
    echo "# $transport: $output" >&3
}

@test "exec carries a gibibyte each way" {
    pod=$(new_pod flow)
    container=$(new_container "$pod" flow main)
    for transport in spdy websocket; do
        echoed "$transport" $((1 << 30)) exec -i --transport "$transport" "$container" cat
    done
}

@test "attach carries a gibibyte each way" {
    pod=$(new_pod tide)
    for transport in spdy websocket; do
        container=$(new_container "$pod" tide "mirror-$transport" \
            '.stdin = true | .stdin_once = true | .command = ["cat"] | del(.log_path)')
        # An attached client that falls behind misses output: it gets no further ahead than the
        # runtime keeps for it.
        echoed "$transport" $((1 << 18)) attach -i --transport "$transport" "$container"
        wait_for 10 has_state "$container" CONTAINER_EXITED
        equal 0 "$(exit_code "$container")"
    done
}

@test "exec -it has a terminal whose size follows the client's" {
    pod=$(new_pod terminal)
    container=$(new_container "$pod" terminal main)
    crictl_words
    for transport in spdy websocket; do
        run -1 terminal 24x80 repeat 'stty size\n' '24 80' \
            size 40x132 repeat 'stty size\n' '40 132' \
            type 'tty; exit 7\n' see /dev/pts/ end -- \
            "${words[@]}" exec -it --transport "$transport" "$container" sh
        contains "$output" "exit code 7"
        # Control-D is the end of input, control-C a signal.
        run -0 terminal 24x80 see ready type 'typed\n' see typed see typed type '\x04' end -- \
            "${words[@]}" exec -it --transport "$transport" "$container" sh -c 'echo ready; cat; echo over'
        contains "$output" over
        run terminal 24x80 see up type '\x03' end -- \
            "${words[@]}" exec -it --transport "$transport" "$container" sh -c 'echo up; exec sleep 1000'
        contains "$output" "exit code 130"
    done
}

@test "several clients attach, and the one with input ends it" {
    pod=$(new_pod attach)
    for transport in spdy websocket; do
        container=$(new_container "$pod" attach "reader-$transport" \
            '.stdin = true | .stdin_once = true
             | .command = ["sh", "-c", "while read -r l; do echo \"got $l\"; echo \"err $l\" >&2; done; echo end"]')
        mkfifo "$BATS_TEST_TMPDIR/in-$transport"
        for client in a b; do
            crictl attach --transport "$transport" "$container" </dev/null \
                >"$BATS_TEST_TMPDIR/$transport-$client" 2>"$BATS_TEST_TMPDIR/$transport-$client.err" 3>&- &
            started+=($!)
        done
        crictl attach -i --transport "$transport" "$container" <"$BATS_TEST_TMPDIR/in-$transport" \
            >"$BATS_TEST_TMPDIR/$transport-in" 3>&- &
        feeder=$!
        started+=("$feeder")
        exec 5>"$BATS_TEST_TMPDIR/in-$transport"
        # Whoever has attached sees what comes from then on.
        for client in a b in; do
            wait_for 20 said_to "$BATS_TEST_TMPDIR/$transport-$client" "$client"
        done
        echo last >&5
        exec 5>&-
        wait "$feeder"
        wait_for 10 has_state "$container" CONTAINER_EXITED
        equal 0 "$(exit_code "$container")"
        for client in a b in; do
            wait_for 10 file_has "$BATS_TEST_TMPDIR/$transport-$client" '^end$'
            equal $'got last\nend' "$(tail -n 2 "$BATS_TEST_TMPDIR/$transport-$client")"
        done
        equal "err last" "$(tail -n 1 "$BATS_TEST_TMPDIR/$transport-a.err")"
        [ "$(grep -c '^err' "$BATS_TEST_TMPDIR/$transport-a")" -eq 0 ]
    done
}

said_to() {
    echo "hello $2" >&5
    file_has "$1" "^got hello $2\$"
}

@test "a client that leaves an attached terminal leaves the container running" {
    pod=$(new_pod shell)
    container=$(new_container "$pod" shell main '.stdin = true | .tty = true | .command = ["sh"]')
    crictl_words
    for transport in spdy websocket; do
        run -0 terminal 24x80 repeat 'stty size\n' '24 80' size 30x90 repeat 'stty size\n' '30 90' \
            leave -- "${words[@]}" attach -it --transport "$transport" "$container"
        equal CONTAINER_RUNNING "$(container_state "$container")"
    done
    run terminal 24x80 repeat 'echo $((40 + 2))\n' 42 type 'exit 3\n' end -- \
        "${words[@]}" attach -it "$container"
    wait_for 10 has_state "$container" CONTAINER_EXITED
    equal 3 "$(exit_code "$container")"
}

# The far end of forwarded ports; sets pod and container.
start_server() {
    pod=$(new_pod "$1")
    container=$(new_container "$pod" "$1" main \
        ".mounts = [{host_path: \"$CARPEL_TEST_TOOLS\", container_path: \"/tools\", readonly: true}]
         | .command = [\"/tools/cristreams\", \"serve\"]")
    wait_for 20 logged "$container" listening
}

logged() {
    crictl logs "$1" 2>&1 | grep -q "$2"
}

# forward TRANSPORT PORT: sets address to where it is reached.
forward() {
    local said=$BATS_TEST_TMPDIR/forward-$1-$2
    crictl port-forward --transport "$1" "$pod" ":$2" >"$said" 2>"$said.err" 3>&- &
    started+=($!)
    wait_for 20 file_has "$said" '^Forwarding from 127'
    address=$(sed -n 's/^Forwarding from \(127[^ ]*\) .*/\1/p' "$said")
}

@test "port-forward carries a gibibyte each way" {
    start_server transfer
    for transport in spdy websocket; do
        forward "$transport" 8080
        run -0 "$CARPEL_TEST_TOOLS/cristreams" transfer --address "$address" --bytes 1073741824
        echo "# $transport: $(tr '\n' ' ' <<<"$output")" >&3
    done
}

@test "a refused connection harms no other of the same session" {
    start_server refused
    for transport in spdy websocket; do
        forward "$transport" 1
        run python3 -c 'import socket, sys
host, port = sys.argv[1].split(":")
connection = socket.create_connection((host, int(port)))
connection.settimeout(20)
sys.exit(len(connection.recv(1)))' "$address"
        equal 0 "$status"
        forward "$transport" 8080
        run -0 "$CARPEL_TEST_TOOLS/cristreams" transfer --address "$address" --bytes 1000000
    done
}

@test "clients prove themselves where the stream server asks for certificates, and new ones are taken" {
    local certificates=$BATS_TEST_TMPDIR/tls
    mkdir "$certificates"
    authority "$certificates" server-ca
    authority "$certificates" client-ca
    signed "$certificates" server-ca first
    signed "$certificates" client-ca kubelet
    signed "$certificates" server-ca stranger
    cp "$certificates/first.crt" "$certificates/tls.crt"
    cp "$certificates/first.key" "$certificates/tls.key"
    agent_stop "$agent_dir"
    start_agent --stream-tls-cert "$certificates/tls.crt" --stream-tls-key "$certificates/tls.key" \
        --stream-tls-client-ca "$certificates/client-ca.crt"
    pod=$(new_pod tls)
    container=$(new_container "$pod" tls main)
    for transport in spdy websocket; do
        run -0 over_tls "$certificates" server-ca kubelet "$transport" "$container" echo safe
        equal safe "$output"
        run over_tls "$certificates" server-ca stranger "$transport" "$container" echo safe
        [ "$status" -ne 0 ]
        run crictl exec --transport "$transport" "$container" echo safe
        [ "$status" -ne 0 ]
    done
    # Another authority signs the next certificate: only who trusts it is content from now on.
    authority "$certificates" next-ca
    signed "$certificates" next-ca second
    mv "$certificates/second.crt" "$certificates/tls.crt"
    mv "$certificates/second.key" "$certificates/tls.key"
    run -0 over_tls "$certificates" next-ca kubelet spdy "$container" echo renewed
    equal renewed "$output"
    run over_tls "$certificates" server-ca kubelet spdy "$container" echo renewed
    [ "$status" -ne 0 ]
    agent_stop "$agent_dir"
    run agent_start "$agent_dir" --registries-conf "$CARPEL_TEST_REGISTRIES_CONF" \
        --stream-tls-cert "$certificates/tls.crt"
    [ "$status" -ne 0 ]
    contains "$output" "stream.tls-key"
    start_agent
}

authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
        -subj "/CN=$2" -keyout "$1/$2.key" -out "$1/$2.crt" 2>/dev/null
}

# signed DIRECTORY AUTHORITY NAME
signed() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$3" \
        -keyout "$1/$3.key" -out "$1/$3.csr" 2>/dev/null
    openssl x509 -req -in "$1/$3.csr" -CA "$1/$2.crt" -CAkey "$1/$2.key" -CAcreateserial -days 2 \
        -extfile <(echo "subjectAltName = DNS:localhost, IP:127.0.0.1") -out "$1/$3.crt" 2>/dev/null
}

# over_tls DIRECTORY AUTHORITY CLIENT TRANSPORT CONTAINER command…
over_tls() {
    local directory=$1 authority=$2 client=$3 transport=$4
    shift 4
    crictl exec --transport "$transport" --tls-ca "$directory/$authority.crt" \
        --tls-cert "$directory/$client.crt" --tls-key "$directory/$client.key" "$@"
}
