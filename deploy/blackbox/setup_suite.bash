# shellcheck shell=bash
# Once for all test files: the tools, the images, and the registry that serves them.
# `bats deploy/blackbox` works by itself; deploy/test runs it as one part of everything.

setup_suite() {
    local part top
    top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
    for part in say packages jdk build go images registry agent; do
        # shellcheck source=/dev/null
        . "$top/deploy/lib/$part.sh"
    done
    need_packages "${test_packages[@]:?}" >&2
    need_agent >&2
    need_tools >&2
    need_images >&2
    need_registry >&2
    registry_start "$BATS_SUITE_TMPDIR" registry 3>&-
    registry_fill "$BATS_SUITE_TMPDIR"
    export CARPEL_TEST_TOOLS=${tools_dir:?} CARPEL_TEST_IMAGES=${images_dir:?}
    CARPEL_TEST_REGISTRY=$(cat "$BATS_SUITE_TMPDIR/registry.address")
    export CARPEL_TEST_REGISTRY
    export CARPEL_TEST_REGISTRY_STORE=$BATS_SUITE_TMPDIR/registry
    export CARPEL_TEST_REGISTRIES_CONF=$BATS_SUITE_TMPDIR/registries.conf
    registry_rules "$CARPEL_TEST_REGISTRY" >"$CARPEL_TEST_REGISTRIES_CONF"
}

teardown_suite() {
    registry_stop "$BATS_SUITE_TMPDIR"
}
