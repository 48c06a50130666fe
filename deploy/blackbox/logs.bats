#!/usr/bin/env bats
# What containers print, and where it ends up.

load support
load one_agent

# Prints what a finished container wrote to its log.
log_of() {
    wait_for 20 has_state "$1" CONTAINER_EXITED
    cat "$(crictl inspect "$1" | jq -r .status.logPath)"
}

@test "every record has time, stream and tag, and the file is readable by root's group only" {
    pod=$(new_pod format)
    container=$(new_container "$pod" format one '.command = ["sh", "-c", "echo one; echo two >&2; printf three"]')
    log=$(log_of "$container")
    grep -Eq '^[0-9-]{10}T[0-9:]{8}\.[0-9]{9}Z stdout F one$' <<<"$log"
    grep -Eq '^[0-9-]{10}T[0-9:]{8}\.[0-9]{9}Z stderr F two$' <<<"$log"
    grep -Eq ' stdout P three$' <<<"$log"
    equal 640 "$(stat -c %a "$(crictl inspect "$container" | jq -r .status.logPath)")"
}

@test "a line longer than 16 KiB is cut into parts that join to the whole" {
    pod=$(new_pod long)
    container=$(new_container "$pod" long one \
        '.command = ["sh", "-c", "head -c 40000 /dev/zero | tr \"\\\\0\" x; echo; echo next"]')
    log=$(log_of "$container")
    equal 4 "$(wc -l <<<"$log")"
    equal "P P F F" "$(awk '{ print $3 }' <<<"$log" | xargs)"
    equal 40000 "$(head -n 3 <<<"$log" | awk '{ printf "%s", $4 }' | tr -d '\n' | wc -c)"
    contains "$(tail -n 1 <<<"$log")" "F next"
}

@test "bytes that are no text come through unchanged, and empty lines too" {
    pod=$(new_pod bytes)
    container=$(new_container "$pod" bytes one \
        '.command = ["sh", "-c", "printf \"a\\\\377\\\\376b\\n\\n\""]')
    wait_for 20 has_state "$container" CONTAINER_EXITED
    file=$(crictl inspect "$container" | jq -r .status.logPath)
    equal "61fffe620a" "$(head -n 1 "$file" | sed 's/.* F //' | od -An -tx1 | tr -d ' \n')"
    grep -q ' stdout F $' "$file"
}

@test "no line of a hundred thousand is lost or torn" {
    pod=$(new_pod many)
    container=$(new_container "$pod" many one '.command = ["seq", "1", "100000"]')
    wait_for 60 has_state "$container" CONTAINER_EXITED
    file=$(crictl inspect "$container" | jq -r .status.logPath)
    equal "$(seq 1 100000 | sha256sum)" "$(sed 's/^[^ ]* stdout F //' "$file" | sha256sum)"
}

@test "without a log path the output is thrown away, and the container runs all the same" {
    pod=$(new_pod silent)
    container=$(new_container "$pod" silent one 'del(.log_path) | .command = ["seq", "1", "100000"]')
    wait_for 20 has_state "$container" CONTAINER_EXITED
    equal 0 "$(exit_code "$container")"
}

@test "a log path that leads out of the log directory is refused" {
    pod=$(new_pod escape)
    run crictl create "$pod" "$(container_file bad '.log_path = "../../escaped.log"')" \
        "$BATS_TEST_TMPDIR/pod-escape.json"
    [ "$status" -ne 0 ]
    contains "$output" "InvalidArgument"
    contains "$output" "log"
}

@test "renaming and reopening at full speed loses no line and writes none twice" {
    pod=$(new_pod speed)
    container=$(new_container "$pod" speed one '.command = ["seq", "1", "1000000000"]')
    log=$(crictl inspect "$container" | jq -r .status.logPath)
    # As fast as it gets for half a minute; what is full is checked and thrown away, or it would
    # fill the disk.
    python3 "$top/deploy/blackbox/rotate.py" "$log" 30 \
        "$CARPEL_TEST_TOOLS/crictl" --config /dev/null \
        --runtime-endpoint "unix://$agent_dir/carpel.sock" logs --reopen --tail 0 "$container" \
        >"$BATS_TEST_TMPDIR/rotated"
    echo "# $(cat "$BATS_TEST_TMPDIR/rotated")" >&3
    # The last file goes on where the one before it ended, to where it was killed.
    crictl stop --timeout 0 "$container"
    read -r last _ <"$BATS_TEST_TMPDIR/rotated"
    [ "$(wc -l <"$log")" -gt 1 ]
    sed '$d' "$log" | awk -v last="$last" '$3 != "F" || $4 != ++last { exit 1 }'
}

@test "logs -f follows across a rotation" {
    pod=$(new_pod follow)
    container=$(new_container "$pod" follow one \
        '.command = ["sh", "-c", "i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo $i; sleep 0.02; done"]')
    log=$(crictl inspect "$container" | jq -r .status.logPath)
    crictl logs -f "$container" >"$BATS_TEST_TMPDIR/followed" 3>&- &
    follower=$!
    for count in 50 150; do
        wait_for 30 grep -qx "$count" "$BATS_TEST_TMPDIR/followed"
        mv "$log" "$log.$count"
        crictl logs --reopen --tail 0 "$container" >/dev/null
    done
    wait_for 60 grep -qx 300 "$BATS_TEST_TMPDIR/followed"
    wait "$follower"
    equal "$(seq 1 300)" "$(cat "$BATS_TEST_TMPDIR/followed")"
    equal "$(seq 1 300)" "$(sed 's/.* F //' "$log.50" "$log.150" "$log")"
}

@test "a full disk drops output, counts it, stops nobody, and takes output again" {
    small=$BATS_TEST_TMPDIR/log-full
    mkdir -p "$small"
    mount -t tmpfs -o size=1m none "$small"
    pod=$(new_pod full)
    container=$(new_container "$pod" full one \
        '.command = ["sh", "-c", "seq 1 300000; touch /done; while [ ! -e /go ]; do sleep 0.05; done; echo again"]')
    log=$small/one.log
    # It is not held up by what cannot be written.
    wait_for 60 inside "$container" test -e /done
    [ "$(stat -c %s "$log")" -le 1048576 ]
    grep -qv ' stdout F [0-9]*$' "$log" && false
    dropped=$(crictl inspect "$container" | jq .info.droppedLogBytes)
    [ "$dropped" -gt 10000000 ]
    # Every byte of every record is in the file or in the count.
    equal $((300000 * 40 + $(seq 1 300000 | wc -c))) $((dropped + $(stat -c %s "$log")))
    rm "$log"
    crictl logs --reopen --tail 0 "$container" >/dev/null
    inside "$container" touch /go
    wait_for 20 has_state "$container" CONTAINER_EXITED
    equal again "$(sed 's/.* F //' "$log")"
    equal "$dropped" "$(crictl inspect "$container" | jq .info.droppedLogBytes)"
    remove_pods
    umount "$small"
}
