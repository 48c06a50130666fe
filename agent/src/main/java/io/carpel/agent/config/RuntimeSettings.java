package io.carpel.agent.config;

import io.carpel.agent.config.ConfigKeys.MissingSource;
import io.carpel.agent.config.ConfigKeys.Selinux;
import io.carpel.runtime.RuntimeConfig;
import io.carpel.runtime.store.StateLayout;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// The administrator's configuration → the runtime's.
public final class RuntimeSettings {
    private RuntimeSettings() {}

    public static RuntimeConfig of(AgentConfig config) {
        return new RuntimeConfig(
                config.get(ConfigKeys.INSTANCE),
                new StateLayout(
                        config.get(ConfigKeys.RUN_DIR),
                        config.get(ConfigKeys.STATE_DIR),
                        config.get(ConfigKeys.NETNS_DIR)),
                new RuntimeConfig.Cgroups(
                        ConfigType.word(config.get(ConfigKeys.CGROUP_DRIVER)),
                        config.get(ConfigKeys.CGROUP_PARENT)),
                new RuntimeConfig.Network(
                        ConfigType.word(config.get(ConfigKeys.NETWORK_MODE)),
                        config.get(ConfigKeys.CNI_CONF_DIR),
                        config.get(ConfigKeys.CNI_BIN_DIR),
                        config.get(ConfigKeys.BRIDGE_NAME),
                        config.get(ConfigKeys.BRIDGE_RANGE)),
                new RuntimeConfig.Images(
                        config.get(ConfigKeys.REGISTRIES_CONF),
                        config.get(ConfigKeys.PINNED_IMAGES),
                        config.get(ConfigKeys.MAX_DOWNLOADS),
                        config.get(ConfigKeys.STALL_TIMEOUT)),
                new RuntimeConfig.Containers(
                        config.get(ConfigKeys.MISSING_SOURCE) == MissingSource.CREATE,
                        config.get(ConfigKeys.DEFAULT_CAPABILITIES),
                        config.get(ConfigKeys.SELINUX) == Selinux.AUTO,
                        config.get(ConfigKeys.SHM_SIZE),
                        sysctls(config.get(ConfigKeys.SYSCTLS)),
                        config.get(ConfigKeys.CDI_DIRS)));
    }

    /// A later one of the same name counts.
    private static Map<String, String> sysctls(List<String> assignments) {
        return assignments.stream()
                .map(text -> text.split("=", 2))
                .collect(Collectors.toMap(parts -> parts[0], parts -> parts[1], (_, last) -> last));
    }
}
