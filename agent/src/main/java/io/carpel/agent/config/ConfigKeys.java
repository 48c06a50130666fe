package io.carpel.agent.config;

import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Every option of the agent. What is not here does not exist.
public final class ConfigKeys {
    private ConfigKeys() {}

    /// How much is logged.
    public enum LogLevel {
        TRACE,
        DEBUG,
        INFO,
        WARN,
        ERROR
    }

    /// How a log line looks.
    public enum LogFormat {
        TEXT,
        JSON
    }

    /// Who makes cgroups.
    public enum Driver {
        AUTO,
        CGROUPFS
    }

    /// Which network pods are attached to.
    public enum NetworkMode {
        AUTO,
        CNI,
        BRIDGE
    }

    /// What a container gets that asks for no seccomp profile.
    public enum DefaultSeccomp {
        UNCONFINED,
        RUNTIME_DEFAULT
    }

    /// Whether containers have SELinux labels.
    public enum Selinux {
        AUTO,
        OFF
    }

    /// What happens to a bind mount whose source is missing.
    public enum MissingSource {
        CREATE,
        REFUSE
    }

    public static final ConfigKey<Path> LISTEN =
            ConfigKey.of(
                    "listen",
                    ConfigType.path(),
                    Path.of("/run/carpel/carpel.sock"),
                    "Unix socket on which the agent speaks CRI. Who may open it controls the node:"
                            + " it is made with mode 0660 and owner root.");

    public static final ConfigKey<Path> RUN_DIR =
            ConfigKey.of(
                    "run-dir",
                    ConfigType.path(),
                    Path.of("/run/carpel"),
                    "Records, namespace pins and shim sockets. Must lie on a tmpfs, since a reboot"
                            + " has to clear it.");

    public static final ConfigKey<Path> STATE_DIR =
            ConfigKey.of(
                    "state-dir",
                    ConfigType.path(),
                    Path.of("/var/lib/carpel"),
                    "Images, writable layers and address leases.");

    public static final ConfigKey<Path> NETNS_DIR =
            ConfigKey.of(
                    "netns-dir",
                    ConfigType.path(),
                    Path.of("/run/netns"),
                    "Where network namespaces are pinned. `ip netns` looks in /run/netns.");

    public static final ConfigKey<String> INSTANCE =
            ConfigKey.of(
                    "instance",
                    ConfigType.string(
                            "name", "up to 8 lower-case letters and digits", "[a-z0-9]{0,8}"),
                    "",
                    "Tells several agents on one host apart. It becomes part of the names of"
                            + " network namespaces, the bridge, the nftables table and the default"
                            + " cgroup.");

    public static final ConfigKey<Optional<Path>> PID_FILE =
            ConfigKey.of(
                    "pid-file",
                    ConfigType.optionalPath(),
                    Optional.empty(),
                    "File that holds the agent's process id while it runs. Empty: none.");

    public static final ConfigKey<Boolean> READY_NOTIFY =
            ConfigKey.of(
                    "ready-notify",
                    ConfigType.bool(),
                    true,
                    "Tell the service manager by NOTIFY_SOCKET, when that is set, that the agent"
                            + " answers.");

    public static final ConfigKey<Optional<Path>> REGISTRIES_CONF =
            ConfigKey.of(
                            "registries-conf",
                            ConfigType.optionalPath(),
                            Optional.empty(),
                            "registries.conf of containers-common: mirrors, plain http, short"
                                    + " names. Empty: /etc/containers/registries.conf when it"
                                    + " exists.")
                    .orVariable("CONTAINERS_REGISTRIES_CONF");

    public static final ConfigKey<LogLevel> LOG_LEVEL =
            ConfigKey.of(
                    "log.level",
                    ConfigType.choice(LogLevel.class),
                    LogLevel.INFO,
                    "The least important event that is logged.");

    public static final ConfigKey<LogFormat> LOG_FORMAT =
            ConfigKey.of(
                    "log.format",
                    ConfigType.choice(LogFormat.class),
                    LogFormat.TEXT,
                    "One line per event, as text or as a JSON object.");

    public static final ConfigKey<Optional<Path>> LOG_FILE =
            ConfigKey.of(
                    "log.file",
                    ConfigType.optionalPath(),
                    Optional.empty(),
                    "File to which the log is appended. Empty: standard error, which the service"
                            + " manager keeps.");

    public static final ConfigKey<String> METRICS_LISTEN =
            ConfigKey.of(
                    "metrics.listen",
                    ConfigType.string(
                            "address",
                            "an IP address and a port, such as 127.0.0.1:9475",
                            "|(\\[[0-9A-Fa-f:.]{2,45}\\]|(\\d{1,3}\\.){3}\\d{1,3}):\\d{1,5}"),
                    "",
                    "Address on which the agent's own metrics are served for Prometheus, under"
                            + " /metrics. Empty: none, since whoever reaches the port reads them"
                            + " without a password; choose loopback or a network that only"
                            + " monitoring reaches.");

    public static final ConfigKey<String> TRACES_ENDPOINT =
            ConfigKey.of(
                    "traces.endpoint",
                    ConfigType.string(
                            "url",
                            "an http or https URL such as http://127.0.0.1:4318",
                            "|https?://([A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+\\])(:\\d{1,5})?"
                                    + "(/[A-Za-z0-9._~/-]*)?"),
                    "",
                    "OpenTelemetry collector to which spans of calls and their steps are sent, by"
                            + " OTLP over HTTP; without a path, /v1/traces is meant. A caller's"
                            + " trace is continued: a kubelet's, or that which TRACEPARENT names in"
                            + " the environment of a `carpel` command. Whatever the collector does,"
                            + " no call waits for it. Empty: no traces.");

    public static final ConfigKey<Double> TRACES_SAMPLING =
            ConfigKey.of(
                    "traces.sampling",
                    ConfigType.ratio(),
                    1.0,
                    "Share of calls that are traced, from 0 to 1, where the caller has not decided"
                            + " it.");

    public static final ConfigKey<NetworkMode> NETWORK_MODE =
            ConfigKey.of(
                    "network.mode",
                    ConfigType.choice(NetworkMode.class),
                    NetworkMode.AUTO,
                    "Which network pods are attached to: CNI when there is a network list and the"
                            + " built-in bridge otherwise, or only one of the two.");

    public static final ConfigKey<Path> CNI_CONF_DIR =
            ConfigKey.of(
                    "cni.conf-dir",
                    ConfigType.path(),
                    Path.of("/etc/cni/net.d"),
                    "Directory of CNI network lists; the first in lexical order is used. While it"
                            + " holds none, the built-in bridge serves.");

    public static final ConfigKey<List<Path>> CNI_BIN_DIR =
            ConfigKey.of(
                    "cni.bin-dir",
                    ConfigType.list(ConfigType.path()),
                    List.of(Path.of("/opt/cni/bin"), Path.of("/usr/lib/cni")),
                    "Directories in which CNI plugins are looked for, in this order.");

    public static final ConfigKey<String> BRIDGE_NAME =
            ConfigKey.of(
                    "bridge.name",
                    ConfigType.string(
                            "name",
                            "an interface name of at most 15 letters, digits, '-' and '_'",
                            "[A-Za-z0-9_-]{0,15}"),
                    "",
                    "Name of the built-in bridge. Empty: carpel0, or a name made from the"
                            + " instance.");

    public static final ConfigKey<String> BRIDGE_RANGE =
            ConfigKey.of(
                    "bridge.range",
                    ConfigType.string(
                            "cidr",
                            "an IPv4 range such as 10.211.0.0/16",
                            "|(\\d{1,3}\\.){3}\\d{1,3}/\\d{1,2}"),
                    "",
                    "IPv4 range from which the built-in bridge gives addresses. Empty: a range"
                            + " that follows from the instance.");

    public static final ConfigKey<Driver> CGROUP_DRIVER =
            ConfigKey.of(
                    "cgroup.driver",
                    ConfigType.choice(Driver.class),
                    Driver.AUTO,
                    "Who makes cgroups. The kubelet is told the choice. auto: systemd where it is"
                            + " process 1 and has cgroup v2, else cgroupfs. With systemd a"
                            + " container lies in a scope carpel-ID.scope of its pod's slice.");

    public static final ConfigKey<String> CGROUP_PARENT =
            ConfigKey.of(
                    "cgroup.parent",
                    ConfigType.string(
                            "cgroup", "an absolute cgroup path or \"\"", "|(/[A-Za-z0-9_.:-]+)+"),
                    "",
                    "Parent of the cgroups of pods that name none; with the systemd driver a"
                            + " slice. Empty: /carpel or /carpel.slice, or a name made from the"
                            + " instance.");

    public static final ConfigKey<DefaultSeccomp> DEFAULT_SECCOMP =
            ConfigKey.of(
                    "security.default-seccomp",
                    ConfigType.choice(DefaultSeccomp.class),
                    DefaultSeccomp.UNCONFINED,
                    "Seccomp profile of a container that asks for none.");

    public static final ConfigKey<List<String>> DEFAULT_CAPABILITIES =
            ConfigKey.of(
                    "security.default-capabilities",
                    ConfigType.list(
                            ConfigType.string(
                                    "capability", "a capability such as NET_RAW", "[A-Z][A-Z_]*")),
                    List.of(
                            "CHOWN",
                            "DAC_OVERRIDE",
                            "FSETID",
                            "FOWNER",
                            "MKNOD",
                            "NET_RAW",
                            "SETGID",
                            "SETUID",
                            "SETFCAP",
                            "SETPCAP",
                            "NET_BIND_SERVICE",
                            "SYS_CHROOT",
                            "KILL",
                            "AUDIT_WRITE"),
                    "Capabilities from which a container's additions and removals start.");

    public static final ConfigKey<Selinux> SELINUX =
            ConfigKey.of(
                    "security.selinux",
                    ConfigType.choice(Selinux.class),
                    Selinux.AUTO,
                    "Whether containers get SELinux labels: on every host that runs SELinux, or"
                            + " nowhere, which leaves what they are to the policy.");

    public static final ConfigKey<String> SUBID_USER =
            ConfigKey.of(
                    "security.subid-user",
                    ConfigType.string("user", "a user name", "[A-Za-z0-9_.-]{1,32}"),
                    "carpel",
                    "User whose ranges in /etc/subuid and /etc/subgid `carpel run` maps a pod with"
                            + " hostUsers: false to.");

    public static final ConfigKey<Long> SHM_SIZE =
            ConfigKey.of(
                    "pod.shm-size",
                    ConfigType.size(),
                    64L << 20,
                    "Size of the /dev/shm that the containers of a pod share.");

    public static final ConfigKey<List<String>> SYSCTLS =
            ConfigKey.of(
                    "pod.sysctls",
                    ConfigType.list(
                            ConfigType.string(
                                    "name=value",
                                    "a kernel parameter of the network or IPC namespace, such as"
                                            + " net.ipv4.tcp_syncookies=1",
                                    "(net|fs\\.mqueue|kernel\\.(shm|msg|sem))[A-Za-z0-9._-]{0,200}"
                                            + "=[!-~]([ -~]{0,1000}[!-~])?")),
                    List.of(
                            "net.ipv4.ip_unprivileged_port_start=0",
                            "net.ipv4.ping_group_range=0 2147483647"),
                    "Kernel parameters of pods. Each is set for those that have a namespace of"
                            + " their own for it, unless they ask for another value. As they are,"
                            + " processes that are not root may listen on any port of their pod and"
                            + " send pings.");

    public static final ConfigKey<MissingSource> MISSING_SOURCE =
            ConfigKey.of(
                    "pod.missing-mount-source",
                    ConfigType.choice(MissingSource.class),
                    MissingSource.CREATE,
                    "What to do when the source of a bind mount does not exist: make a directory,"
                            + " or refuse the container.");

    public static final ConfigKey<List<Path>> CDI_DIRS =
            ConfigKey.of(
                    "cdi.spec-dirs",
                    ConfigType.list(ConfigType.path()),
                    List.of(Path.of("/etc/cdi"), Path.of("/var/run/cdi")),
                    "Directories whose files describe devices for the Container Device Interface;"
                            + " a later one has precedence. They are read when a container names a"
                            + " device.");

    public static final ConfigKey<Integer> MAX_DOWNLOADS =
            ConfigKey.of(
                    "image.max-parallel-downloads",
                    ConfigType.integer(1, 64),
                    3,
                    "How many layers of one image are fetched at a time.");

    public static final ConfigKey<Duration> STALL_TIMEOUT =
            ConfigKey.of(
                    "image.stall-timeout",
                    ConfigType.duration(),
                    Duration.ofMinutes(1),
                    "A transfer that moves no byte for so long is given up and tried again.");

    public static final ConfigKey<List<String>> PINNED_IMAGES =
            ConfigKey.of(
                    "image.pinned",
                    ConfigType.list(
                            ConfigType.string(
                                    "name",
                                    "a full name such as registry.example/app:1, or with '*' at its"
                                            + " beginning or end",
                                    "[A-Za-z0-9*][A-Za-z0-9._:/@*-]{0,511}")),
                    List.of(),
                    "Images that the kubelet's garbage collection leaves alone: full names, or"
                            + " beginnings or ends of them with a '*' for the rest. For images that"
                            + " were imported and that no registry could give back.");

    public static final ConfigKey<InetAddress> STREAM_ADDRESS =
            ConfigKey.of(
                    "stream.address",
                    ConfigType.address(),
                    InetAddress.ofLiteral("127.0.0.1"),
                    "Address of the stream server, which carries exec, attach and port-forward. The"
                            + " kubelet on this node is its only client. Whoever reaches another"
                            + " address than a loopback one needs no more than a request's token,"
                            + " so give it TLS with client certificates.");

    public static final ConfigKey<Integer> STREAM_PORT =
            ConfigKey.of(
                    "stream.port",
                    ConfigType.integer(0, 65535),
                    0,
                    "TCP port of the stream server. 0: any free one, which its URLs tell.");

    public static final ConfigKey<Duration> STREAM_IDLE_TIMEOUT =
            ConfigKey.of(
                    "stream.idle-timeout",
                    ConfigType.duration(),
                    Duration.ofHours(4),
                    "A stream connection on which nothing moves for so long is closed. A command"
                            + " whose client has gone, for this or any other reason, is killed with"
                            + " all that it started; an attached container goes on.");

    public static final ConfigKey<Duration> STREAM_CREATION_TIMEOUT =
            ConfigKey.of(
                    "stream.creation-timeout",
                    ConfigType.duration(),
                    Duration.ofSeconds(30),
                    "How long a client of the stream server may take to ask for its request, and"
                            + " again to open the streams of it.");

    public static final ConfigKey<Optional<Path>> STREAM_TLS_CERT =
            ConfigKey.of(
                    "stream.tls-cert",
                    ConfigType.optionalPath(),
                    Optional.empty(),
                    "Certificate chain of the stream server, in PEM. Empty: plain HTTP. The three"
                            + " TLS files are read again when they change.");

    public static final ConfigKey<Optional<Path>> STREAM_TLS_KEY =
            ConfigKey.of(
                    "stream.tls-key",
                    ConfigType.optionalPath(),
                    Optional.empty(),
                    "Key of that certificate, unencrypted PKCS#8 in PEM.");

    public static final ConfigKey<Optional<Path>> STREAM_TLS_CLIENT_CA =
            ConfigKey.of(
                    "stream.tls-client-ca",
                    ConfigType.optionalPath(),
                    Optional.empty(),
                    "Certificates in PEM, one of which must have signed a client's. Empty: clients"
                            + " need no certificate.");

    /// All of them, in the order of the file.
    public static final List<ConfigKey<?>> ALL =
            List.of(
                    LISTEN,
                    RUN_DIR,
                    STATE_DIR,
                    NETNS_DIR,
                    INSTANCE,
                    PID_FILE,
                    READY_NOTIFY,
                    REGISTRIES_CONF,
                    LOG_LEVEL,
                    LOG_FORMAT,
                    LOG_FILE,
                    METRICS_LISTEN,
                    TRACES_ENDPOINT,
                    TRACES_SAMPLING,
                    NETWORK_MODE,
                    CNI_CONF_DIR,
                    CNI_BIN_DIR,
                    BRIDGE_NAME,
                    BRIDGE_RANGE,
                    CGROUP_DRIVER,
                    CGROUP_PARENT,
                    DEFAULT_SECCOMP,
                    DEFAULT_CAPABILITIES,
                    SELINUX,
                    SUBID_USER,
                    SHM_SIZE,
                    SYSCTLS,
                    MISSING_SOURCE,
                    CDI_DIRS,
                    MAX_DOWNLOADS,
                    STALL_TIMEOUT,
                    PINNED_IMAGES,
                    STREAM_ADDRESS,
                    STREAM_PORT,
                    STREAM_IDLE_TIMEOUT,
                    STREAM_CREATION_TIMEOUT,
                    STREAM_TLS_CERT,
                    STREAM_TLS_KEY,
                    STREAM_TLS_CLIENT_CA);
}
