# shellcheck shell=bash
# Finds a JDK that can build and run Carpel. Maven runs on it too, since the formatter and the
# checkers are part of the compiler's JVM.

jdk_wanted=25

# The feature release of the JDK in a directory, or nothing when it holds none with a compiler.
jdk_release() {
    [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 0
    sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
}

jdk_candidates() {
    local java
    if [ -n "${JAVA_HOME:-}" ]; then
        printf '%s\n' "$JAVA_HOME"
    fi
    if java=$(command -v javac); then
        dirname "$(dirname "$(readlink -f "$java")")"
    fi
    find -L /usr/lib/jvm /usr/local/lib/jvm /usr/java /opt /opt/java "${HOME:-/nonexistent}/.jdks" \
        "${HOME:-/nonexistent}/.sdkman/candidates/java" -mindepth 1 -maxdepth 1 -type d 2>/dev/null \
        | sort
}

look_for_jdk() {
    local candidate release
    while read -r candidate; do
        release=$(jdk_release "$candidate")
        if [ -n "$release" ] && [ "$release" -ge "$jdk_wanted" ]; then
            printf '%s\n' "$candidate"
            return
        fi
    done < <(jdk_candidates)
}

# Sets and exports JAVA_HOME.
need_jdk() {
    local found package=openjdk-$jdk_wanted-jdk-headless
    found=$(look_for_jdk)
    if [ -z "$found" ] && command -v apt-get >/dev/null; then
        package_available "$package" || refresh_packages
        if package_available "$package"; then
            need_packages "$package"
            found=$(look_for_jdk)
        fi
    fi
    if [ -z "$found" ]; then
        die "no JDK $jdk_wanted or newer found, and this distribution has no package $package.
Get one in any of these ways, and run this again:
  - Eclipse Temurin's own Debian repository: install its package temurin-$jdk_wanted-jdk
  - unpack the archive of any JDK $jdk_wanted build for Linux below /usr/lib/jvm
  - point JAVA_HOME at a JDK $jdk_wanted that lies elsewhere
Looked at JAVA_HOME, javac on the PATH, /usr/lib/jvm, /usr/local/lib/jvm, /usr/java, /opt, ~/.jdks, ~/.sdkman."
    fi
    export JAVA_HOME=$found
}
