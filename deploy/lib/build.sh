# shellcheck shell=bash
# Builds the agent, when the sources are newer than what lies there.

# Named by the script that sources this file, and by packages.sh.
: "${top:?}" "${build_packages[0]:?}" "${run_packages[0]:?}"

build_stamp=$top/agent/target/built

agent_is_built() {
    [ -e "$build_stamp" ] || return 1
    [ -z "$(find "$top/pom.xml" "$top/cri-proto" "$top/runtime" "$top/agent" \
        -name target -prune -o -type f -newer "$build_stamp" -print -quit)" ]
}

# Debian's Maven uses what newer JDKs warn of, on every run; that is nobody's concern here.
run_maven() {
    MAVEN_OPTS="${MAVEN_OPTS:-} --sun-misc-unsafe-memory-access=allow --enable-native-access=ALL-UNNAMED" \
        mvn -B -q -ntp -Dstyle.color=never "$@"
}

# Compiles and packs, without the checks and tests that `mvn verify` adds: deploy/test runs those.
build_agent() {
    local started=$SECONDS
    need_packages "${build_packages[@]}" "${run_packages[@]}"
    need_jdk
    say "building with $JAVA_HOME"
    (cd "$top" && run_maven -Dquick -DskipTests package) || die "the build failed"
    train_agent
    touch "$build_stamp"
    note "built in $((SECONDS - started)) s"
}

# Caches that halve the time to start. Without them everything works all the same.
train_agent() {
    if [ "$(id -u)" -eq 0 ]; then
        "$top/deploy/train" >"$top/agent/target/train.log" 2>&1 \
            || note "no start-up caches: see $top/agent/target/train.log"
    fi
}

# A jar that Maven alone has packed again is newer than the caches, which are then of no use.
agent_is_trained() {
    local role
    for role in serve command; do
        [ -n "$(find "$top/agent/target/carpel-$role.aot" -newer "$(agent_jar)" 2>/dev/null)" ] || return 1
    done
}

agent_jar() {
    find "$top/agent/target" -maxdepth 1 -name 'agent-*.jar' -print -quit
}

need_agent() {
    if agent_is_built; then
        need_packages "${run_packages[@]}"
        need_jdk
        agent_is_trained || train_agent
    else
        build_agent
    fi
}
