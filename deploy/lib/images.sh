# shellcheck shell=bash
# The images of the demo and the tests, made from Debian packages without a container engine.

# The tree that this file is part of; the script that sources it says where.
: "${top:?}"

# Sets images_dir to a directory with the OCI layout `layout`.
need_images() {
    local source=$top/deploy/images key packages name
    need_packages musl-tools python3 zstd
    key=$(cat "$source"/*.py "$source"/*.c | sha256sum | cut -c1-16)
    images_dir=$(cache_dir)/images/$key
    [ ! -e "$images_dir/complete" ] || return 0
    say "making the test images from Debian packages ($images_dir)"
    rm -rf "$images_dir"
    mkdir -p "$images_dir/native"
    package_available nginx || refresh_packages
    mapfile -t packages < <(PYTHONDONTWRITEBYTECODE=1 python3 "$source/make.py" packages)
    unpack_packages "$images_dir/packages" "${packages[@]}"
    for name in pause nonewprivs; do
        musl-gcc -static -Os -s -Wall -Wextra -Werror -o "$images_dir/native/$name" "$source/$name.c"
    done
    PYTHONDONTWRITEBYTECODE=1 python3 "$source/make.py" build \
        "$images_dir/packages" "$images_dir/native" "$images_dir/layout"
    rm -rf "$images_dir/packages"
    touch "$images_dir/complete"
}
