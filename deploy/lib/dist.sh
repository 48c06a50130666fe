# shellcheck shell=bash
# What a node gets: the tree that is unpacked below /opt, with a Java runtime of its own.

# The tree that this file is part of; the script that sources it says where. need_jdk sets JAVA_HOME.
: "${top:?}"

# Sets version, debian_version, arch and SOURCE_DATE_EPOCH.
dist_facts() {
    umask 022
    export LC_ALL=C TZ=UTC
    version=$(sed -n '0,/<version>/s/.*<version>\(.*\)<.*/\1/p' "$top/pom.xml")
    # 0.1.0~snapshot sorts before 0.1.0.
    # shellcheck disable=SC2034  # read by deploy/dist
    debian_version=$(tr '[:upper:]' '[:lower:]' <<<"${version/-/\~}")
    case $(uname -m) in
        x86_64) arch=amd64 ;;
        aarch64) arch=arm64 ;;
        *) die "no distribution is made for $(uname -m)" ;;
    esac
    if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
        SOURCE_DATE_EPOCH=$(git -C "$top" log -1 --format=%ct 2>/dev/null) \
            || SOURCE_DATE_EPOCH=$(date -d "$(sed -n 's/.*<project.build.outputTimestamp>\(.*\)<.*/\1/p' \
                "$top/pom.xml")" +%s)
    fi
    export SOURCE_DATE_EPOCH
}

# What our classes and libraries use. jdeps names three more, which nobody here calls: java.sql,
# java.desktop (Jackson and JNA know its types) and java.compiler.
dist_modules=java.base,java.logging,java.management,java.naming,java.net.http,java.xml,jdk.httpserver,jdk.jfr,jdk.management,jdk.security.auth,jdk.unsupported

# A module that our own classes need and the runtime lacks would show only when a node needs it.
dist_check_modules() {
    local wanted module
    wanted=$("$JAVA_HOME/bin/jdeps" --multi-release 25 --ignore-missing-deps --no-recursive \
        --print-module-deps -cp "$(printf '%s:' "$tree"/app/*.jar)" \
        "$tree"/app/agent-[0-9]*.jar "$tree"/app/runtime-[0-9]*.jar) || die "jdeps failed: $wanted"
    for module in ${wanted//,/ }; do
        [[ ,$dist_modules, == *,$module,* ]] \
            || die "classes of ours use the module $module: it belongs into deploy/dist"
    done
}

# dist_stage DIRECTORY: the tree as it is unpacked below /opt; sets build to what tells it from others.
dist_stage() {
    tree=$1
    rm -rf "$tree"
    mkdir -p "$tree"/{bin,app,native,share/man/man5,share/man/man8}
    install -m 0755 "$top/deploy/bin/carpel" "$tree/bin/carpel"
    install -m 0644 "$top/deploy/config/jvm.options" "$tree/jvm.options"
    python3 "$top/deploy/package/jars.py" "$arch" "$SOURCE_DATE_EPOCH" "$tree/app" "$tree/native" \
        "$top"/agent/target/agent-*.jar "$top"/agent/target/lib/*.jar \
        || die "the jars cannot be gathered"
    dist_check_modules
    "$JAVA_HOME/bin/jlink" --add-modules "$dist_modules" --compress zip-0 --no-header-files \
        --no-man-pages --output "$tree/jre" || die "jlink failed: $JAVA_HOME has to be a whole JDK"
    find "$tree/jre/bin" -type f ! -name java -delete
    install -m 0644 "$top"/deploy/man/*.5 "$tree/share/man/man5/"
    install -m 0644 "$top"/deploy/man/*.8 "$tree/share/man/man8/"
    install -D -m 0644 "$top/deploy/completions/carpel.bash" \
        "$tree/share/bash-completion/completions/carpel"
    install -D -m 0644 "$top/deploy/completions/carpel.zsh" "$tree/share/zsh/site-functions/_carpel"
    install -D -m 0644 "$top/deploy/config/config.toml" "$tree/etc/config.toml"
    install -m 0644 "$top/deploy/config/crictl.yaml" "$top"/deploy/config/cni/*.sample "$tree/etc/"
    install -m 0644 "$top/LICENSE" "$tree/LICENSE"
    mkdir -p "$tree/lib/systemd/system"
    sed 's,/usr/bin/carpel,/opt/carpel/bin/carpel,' "$top/deploy/systemd/carpel.service" \
        >"$tree/lib/systemd/system/carpel.service"
    # The image of the pod that tries a new installation.
    musl-gcc -static -Os -s -Wall -Wextra -Werror -o "$tree.verify" "$top/deploy/installer/verify.c"
    PYTHONDONTWRITEBYTECODE=1 python3 "$top/deploy/installer/image.py" verify "$tree.verify" \
        "$SOURCE_DATE_EPOCH" "$tree/share/verify" >/dev/null || die "the verification image cannot be made"
    rm "$tree.verify"
    build=$(cd "$tree" && find app bin etc jre lib native jvm.options share/verify -type f -print0 | sort -z \
        | xargs -0 sha256sum | sha256sum | cut -c1-16)
    printf '%s\n' "$build" >"$tree/build"
    dist_settle "$tree"
}

# Modes and times say nothing of who made it and when.
dist_settle() {
    find "$1" -type d -exec chmod 0755 {} +
    find "$1" -type f -perm /111 -exec chmod 0755 {} +
    find "$1" -type f ! -perm /111 -exec chmod 0644 {} +
    find "$1" -depth -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
}

# Sets dist_tree to such a tree, made anew when the agent or what goes with it was built since.
need_dist() {
    local stamp=$top/target/dist-tree.stamp
    dist_tree=$top/target/dist-tree/carpel
    dist_facts
    need_packages "${build_packages[@]:?}" "${run_packages[@]:?}" python3
    need_agent
    if [ -e "$stamp" ] && [ "$stamp" -nt "${build_stamp:?}" ] \
        && [ -z "$(find "$top"/deploy/{bin,completions,config,installer,man,package,systemd} \
            "$top/deploy/lib/dist.sh" -type f -newer "$stamp" -print -quit)" ]; then
        read -r build <"$dist_tree/build"
        return
    fi
    mkdir -p "${dist_tree%/*}"
    say "staging the distribution with a Java runtime of its own"
    dist_stage "$dist_tree"
    touch "$stamp"
}
