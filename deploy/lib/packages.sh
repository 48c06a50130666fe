# shellcheck shell=bash
# Debian packages: installs what is missing, and nothing when all is there.

# What the agent needs on the host it runs on.
# shellcheck disable=SC2034  # read by the scripts that source this file
run_packages=(libseccomp2 libnftables1 iproute2)
# What it takes to build it.
# shellcheck disable=SC2034
build_packages=(libc6-dev make maven musl-tools)
# What the demo and the tests use beside the agent: a registry, CNI plugins, image contents.
# shellcheck disable=SC2034
test_packages=(bats busybox-static containernetworking-plugins curl iptables jq nftables openssl procps python3
    uidmap)

package_installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

package_available() {
    local candidate
    candidate=$(apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: //p')
    [ -n "$candidate" ] && [ "$candidate" != "(none)" ]
}

# Package lists of a fresh machine are empty or old; they are read again once a run, when needed.
refresh_packages() {
    if [ -z "${packages_refreshed:-}" ]; then
        apt-get -qq update || die "apt-get update failed, and packages are missing on this machine"
        packages_refreshed=1
    fi
}

need_packages() {
    local package missing=()
    if ! command -v dpkg-query >/dev/null; then
        note "not a Debian: taking it that these are installed: $*"
        return
    fi
    for package in "$@"; do
        package_installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    [ "$(id -u)" -eq 0 ] || die "packages are missing, and installing them needs root: ${missing[*]}"
    say "installing ${missing[*]}"
    refresh_packages
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" \
        >/dev/null || die "apt-get could not install ${missing[*]}"
}

# Unpacks packages below a directory instead of installing them: what they would start, set up or
# put on the PATH does not concern the host.
unpack_packages() {
    local target=$1 download deb
    shift
    download=$(mktemp -d)
    refresh_packages
    # As the user who runs this: apt's own user could not write here.
    (cd "$download" && apt-get -qq -o APT::Sandbox::User=root download "$@" >/dev/null) \
        || die "apt-get could not download $*"
    mkdir -p "$target"
    for deb in "$download"/*.deb; do
        dpkg-deb -x "$deb" "$target"
    done
    rm -r "$download"
}
