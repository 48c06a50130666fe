# shellcheck shell=bash
# One agent for all tests of a file, with an image in it; each test begins without pods. A file that
# needs more defines the function in question again.

: "${busybox:?support.bash sets it}"

setup_file() {
    start_agent
    crictl pull "$busybox"
}

teardown_file() {
    stop_agent
}

teardown() {
    remove_pods
}
