package io.carpel.agent.config;

import io.carpel.agent.config.ConfigKeys.DefaultSeccomp;
import io.carpel.agent.translate.Handler;
import io.carpel.agent.translate.Handlers;
import io.carpel.runtime.spec.ProfileSpec;
import io.carpel.runtime.spec.RemapSpec;
import io.carpel.runtime.spec.RlimitSpec;
import java.util.List;
import java.util.Optional;

/// The administrator's configuration → the runtime handlers.
public final class HandlerSettings {
    private HandlerSettings() {}

    /// @throws ConfigException when a table contradicts itself
    public static Handlers of(AgentConfig config) {
        ProfileSpec seccomp =
                config.get(ConfigKeys.DEFAULT_SECCOMP) == DefaultSeccomp.RUNTIME_DEFAULT
                        ? ProfileSpec.runtimeDefault()
                        : ProfileSpec.unconfined();
        return new Handlers(
                standard(config, seccomp),
                config.handlers().stream().map(own -> handler(own, config, seccomp)).toList());
    }

    /// The one that pods get which ask for none.
    private static Handler standard(AgentConfig config, ProfileSpec seccomp) {
        return new Handler(
                "",
                Optional.empty(),
                false,
                Optional.of(capabilities(config)),
                seccomp,
                ProfileSpec.runtimeDefault(),
                false,
                List.of(),
                Optional.of(config.get(ConfigKeys.SHM_SIZE)),
                "");
    }

    /// An empty list means the usual one, as in the runtime's own settings.
    private static List<String> capabilities(AgentConfig config) {
        List<String> chosen = config.get(ConfigKeys.DEFAULT_CAPABILITIES);
        return chosen.isEmpty() ? ConfigKeys.DEFAULT_CAPABILITIES.fallback() : chosen;
    }

    private static Handler handler(HandlerConfig own, AgentConfig config, ProfileSpec seccomp) {
        return new Handler(
                own.name(),
                own.get(HandlerKeys.USER_NAMESPACE)
                        ? Optional.of(
                                new RemapSpec(
                                        own.get(HandlerKeys.SUBID_USER)
                                                .orElse(config.get(ConfigKeys.SUBID_USER)),
                                        own.get(HandlerKeys.IDS_PER_POD)))
                        : Optional.empty(),
                own.get(HandlerKeys.MAP_VOLUMES),
                own.get(HandlerKeys.CAPABILITIES).or(() -> Optional.of(capabilities(config))),
                own.get(HandlerKeys.SECCOMP).map(HandlerSettings::seccomp).orElse(seccomp),
                own.get(HandlerKeys.APPARMOR)
                        .map(name -> new ProfileSpec(ProfileSpec.Kind.LOCALHOST, name))
                        .orElse(ProfileSpec.runtimeDefault()),
                own.get(HandlerKeys.NO_NEW_PRIVILEGES),
                rlimits(own),
                own.get(HandlerKeys.SHM_SIZE)
                        .or(() -> Optional.of(config.get(ConfigKeys.SHM_SIZE))),
                own.get(HandlerKeys.CGROUP_PARENT).orElse(""));
    }

    private static ProfileSpec seccomp(String word) {
        return switch (word) {
            case "unconfined" -> ProfileSpec.unconfined();
            case "runtime-default" -> ProfileSpec.runtimeDefault();
            default -> new ProfileSpec(ProfileSpec.Kind.LOCALHOST, word);
        };
    }

    private static List<RlimitSpec> rlimits(HandlerConfig own) {
        return own.get(HandlerKeys.RLIMITS).stream().map(text -> rlimit(own, text)).toList();
    }

    private static RlimitSpec rlimit(HandlerConfig own, String text) {
        String[] parts = text.split("[=:]", 3);
        long soft = Long.parseLong(parts[1]);
        long hard = Long.parseLong(parts[2]);
        // Without a sign: none is the highest.
        if (Long.compareUnsigned(soft, hard) > 0) {
            throw new ConfigException(
                    "%s: handlers.%s.rlimits: %s: the soft limit is above the hard one"
                            .formatted(own.origin(HandlerKeys.RLIMITS), own.name(), text));
        }
        return new RlimitSpec("RLIMIT_" + parts[0], soft, hard);
    }
}
