package io.carpel.agent.config;

import java.util.List;
import java.util.Optional;

/// Every option of a runtime handler. Each can stand in any table `[handlers.NAME]`.
///
/// An option that is empty by default inherits what all pods have.
public final class HandlerKeys {
    /// The table above the handlers' own.
    static final String TABLE = "handlers";

    /// As the cluster's RuntimeClass objects may spell a handler: a DNS label (RFC 1123).
    static final String NAME = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?";

    /// What setrlimit(2) limits.
    private static final String LIMITS =
            "CPU|FSIZE|DATA|STACK|CORE|RSS|NPROC|NOFILE|MEMLOCK|AS|LOCKS|SIGPENDING|MSGQUEUE|NICE"
                    + "|RTPRIO|RTTIME";

    private HandlerKeys() {}

    private static <T> ConfigKey<T> key(
            String name, ConfigType<T> type, T fallback, String description) {
        return ConfigKey.of(TABLE + ".NAME." + name, type, fallback, description);
    }

    private static <T> ConfigKey<Optional<T>> inherited(
            String name, ConfigType<T> type, T example, String description) {
        return key(name, ConfigType.inherited(type, example), Optional.empty(), description);
    }

    public static final ConfigKey<Boolean> USER_NAMESPACE =
            key(
                    "user-namespace",
                    ConfigType.bool(),
                    false,
                    "Give every pod a user namespace of its own, with ids that no other pod has,"
                            + " taken from subid-user's ranges. A pod that brings its own mapping"
                            + " keeps that; one that asks for the node's user namespace (hostUsers:"
                            + " true) has the node's. The node's pid or network namespace does not"
                            + " go with it.");

    public static final ConfigKey<Optional<String>> SUBID_USER =
            inherited(
                    "subid-user",
                    ConfigType.string("user", "a user name", "[A-Za-z0-9_.-]{1,32}"),
                    "carpel",
                    "User whose ranges in /etc/subuid and /etc/subgid the pods' ids come from."
                            + " Without it security.subid-user.");

    public static final ConfigKey<Integer> IDS_PER_POD =
            key(
                    "ids-per-pod",
                    ConfigType.integer(1, 1 << 24),
                    65_536,
                    "How many ids such a pod gets.");

    public static final ConfigKey<Boolean> MAP_VOLUMES =
            key(
                    "map-volumes",
                    ConfigType.bool(),
                    true,
                    "Show such a pod's volumes with their owners unchanged (idmapped mounts), as the"
                            + " kubelet wants it for pods with hostUsers: false. With false a"
                            + " volume's files belong to nobody inside unless the pod's ids own"
                            + " them.");

    public static final ConfigKey<Optional<List<String>>> CAPABILITIES =
            inherited(
                    "default-capabilities",
                    ConfigKeys.DEFAULT_CAPABILITIES.type(),
                    List.of("CHOWN", "SETGID", "SETUID"),
                    "Capabilities from which a container's additions and removals start. Without it"
                            + " security.default-capabilities.");

    public static final ConfigKey<Optional<String>> SECCOMP =
            inherited(
                    "default-seccomp",
                    ConfigType.string(
                            "profile",
                            "unconfined, runtime-default or the absolute path of a profile",
                            "unconfined|runtime-default|/[^\\x00-\\x1f\\x7f]+"),
                    "runtime-default",
                    "Seccomp profile of a container that asks for none: unconfined, runtime-default,"
                            + " or the path of a profile. Without it security.default-seccomp.");

    public static final ConfigKey<Optional<String>> APPARMOR =
            inherited(
                    "apparmor-profile",
                    ConfigType.string(
                            "profile", "the name of a profile", "[^\\x00-\\x1f\\x7f]{1,1000}"),
                    "carpel-default",
                    "AppArmor profile of a container that asks for none or for the runtime's. It has"
                            + " to be loaded. Without it the profile that the agent loads.");

    public static final ConfigKey<Boolean> NO_NEW_PRIVILEGES =
            key(
                    "no-new-privileges",
                    ConfigType.bool(),
                    false,
                    "Let no container gain privileges by set-id programs, whatever it asks for.");

    public static final ConfigKey<List<String>> RLIMITS =
            key(
                    "rlimits",
                    ConfigType.list(
                            ConfigType.string(
                                    "name=soft:hard",
                                    "a limit such as NOFILE=1024:524288, -1 being none",
                                    "(" + LIMITS + ")=(-1|\\d{1,18}):(-1|\\d{1,18})")),
                    List.of(),
                    "Resource limits of every process, as setrlimit(2) names them.");

    public static final ConfigKey<Optional<Long>> SHM_SIZE =
            inherited(
                    "shm-size",
                    ConfigType.size(),
                    1L << 30,
                    "Size of the /dev/shm that the containers of a pod share. Without it"
                            + " pod.shm-size.");

    public static final ConfigKey<Optional<String>> CGROUP_PARENT =
            inherited(
                    "cgroup-parent",
                    ConfigKeys.CGROUP_PARENT.type(),
                    "/carpel-batch",
                    "Parent of the cgroups of pods that name none. Without it cgroup.parent.");

    /// All of them, in the order of the file.
    public static final List<ConfigKey<?>> ALL =
            List.of(
                    USER_NAMESPACE,
                    SUBID_USER,
                    IDS_PER_POD,
                    MAP_VOLUMES,
                    CAPABILITIES,
                    SECCOMP,
                    APPARMOR,
                    NO_NEW_PRIVILEGES,
                    RLIMITS,
                    SHM_SIZE,
                    CGROUP_PARENT);
}
