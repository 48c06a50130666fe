#!/usr/bin/env bats
# What kubectl does with a running pod.

load support

@test "streams.yaml: exec with input, output, an exit code" {
    ready streams
    equal hello "$(echo hello | kubectl exec -i streams -c main -- cat)"
    run -7 kubectl exec streams -c main -- sh -c 'echo out; echo err >&2; exit 7'
    contains "$output" out
    contains "$output" err
    equal 3000000 "$(inside streams cat /www/data | wc -c)"
    shown "3 MB out, one line in, exit code 7"
}

@test "streams.yaml: exec -it on a terminal of the right size" {
    ready streams
    # The size comes after the start, as with every runtime.
    seen=$(python3 "$top/deploy/cluster/terminal.py" 33 101 "$CARPEL_CLUSTER/bin/kubectl" \
        --kubeconfig "$CARPEL_CLUSTER/admin.conf" exec -it streams -c main -- \
        sh -c 'until stty size 2>/dev/null | grep -v "^0 0"; do :; done; tty')
    contains "$seen" "33 101"
    contains "$seen" /dev/pts/
    shown "a terminal of 33 lines and 101 columns"
}

@test "streams.yaml: attach to input and output" {
    ready streams
    printf 'one\ntwo\n' | timeout 20 "$CARPEL_CLUSTER/bin/kubectl" --kubeconfig "$CARPEL_CLUSTER/admin.conf" \
        attach -i streams -c main >"$BATS_TEST_TMPDIR/out" 2>&1 &
    attached=$!
    wait_for 20 grep -q 'heard two' "$BATS_TEST_TMPDIR/out"
    contains "$(kubectl logs streams -c main)" "heard one"
    kill "$attached" 2>/dev/null || true
    wait "$attached" || true
    shown "two lines in, two answers, both in the log too"
}

@test "streams.yaml: port-forward, many times over one session" {
    ready streams
    "$CARPEL_CLUSTER/bin/kubectl" --kubeconfig "$CARPEL_CLUSTER/admin.conf" port-forward \
        --address 127.0.0.1 pod/streams :8080 >"$BATS_TEST_TMPDIR/out" 2>&1 &
    forward=$!
    wait_for 20 grep -q Forwarding "$BATS_TEST_TMPDIR/out"
    port=$(sed -n 's/^Forwarding from 127.0.0.1:\([0-9]*\) .*/\1/p' "$BATS_TEST_TMPDIR/out")
    wanted=$(inside streams sha256sum /www/data | cut -d' ' -f1)
    for _ in 1 2 3; do
        equal "$wanted" "$(curl -fsS --max-time 20 "http://127.0.0.1:$port/data" | sha256sum | cut -d' ' -f1)"
    done
    kill "$forward"
    wait "$forward" || true
    shown "3 MB three times through one session"
}

@test "streams.yaml: cp to the pod and back" {
    ready streams
    mkdir "$BATS_TEST_TMPDIR/tree"
    head -c 500000 /dev/urandom >"$BATS_TEST_TMPDIR/tree/data"
    kubectl cp "$BATS_TEST_TMPDIR/tree" streams:/copied -c main
    kubectl cp streams:/copied "$BATS_TEST_TMPDIR/back" -c main
    cmp "$BATS_TEST_TMPDIR/tree/data" "$BATS_TEST_TMPDIR/back/data"
    shown "a directory went in and came back the same"
}

@test "streams.yaml: logs -f over the kubelet's rotations has every line once" {
    wait_for 60 has pod/talker .status.phase Running
    timeout 120 "$CARPEL_CLUSTER/bin/kubectl" --kubeconfig "$CARPEL_CLUSTER/admin.conf" \
        logs -f talker >"$BATS_TEST_TMPDIR/out" 2>&1 &
    follower=$!
    wait_for 90 grep -q '^end$' "$BATS_TEST_TMPDIR/out"
    kill "$follower" 2>/dev/null || true
    wait "$follower" || true
    # What was rotated away before the follower came is gone.
    first=$(head -n 1 "$BATS_TEST_TMPDIR/out" | cut -d' ' -f1)
    [ "$first" = end ] || equal "$(seq "$first" 6000)" "$(sed '/^end$/d; s/ .*//' "$BATS_TEST_TMPDIR/out")"
    uid=$(field pod/talker .metadata.uid)
    count=$(find "$CARPEL_CLUSTER/pods/default_talker_$uid/main" -type f | wc -l)
    [ "$count" -ge 2 ] && [ "$count" -le 3 ]
    shown "lines $first to 6000 without a gap; $count files are left of them"
}
