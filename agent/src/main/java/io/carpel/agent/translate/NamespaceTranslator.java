package io.carpel.agent.translate;

import io.carpel.cri.IDMapping;
import io.carpel.cri.NamespaceMode;
import io.carpel.cri.NamespaceOption;
import io.carpel.cri.UserNamespace;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.UnsupportedException;
import io.carpel.runtime.spec.IdMapping;
import io.carpel.runtime.spec.NamespaceSpec;
import io.carpel.runtime.spec.PidMode;
import io.carpel.runtime.spec.UserNamespaceSpec;
import java.util.List;
import java.util.Optional;

/// Namespace options, of a sandbox and of a container in it.
public final class NamespaceTranslator {
    private static final String FIELD = "linux.security_context.namespace_options.";

    private NamespaceTranslator() {}

    /// Whether the handler gives the sandbox a user namespace: unless the request brings maps of
    /// its own, or asks for the node's.
    ///
    /// @throws InvalidArgumentException when the request asks for what does not go with one
    public static boolean remaps(NamespaceOption options, Handler handler, HostAbilities host) {
        boolean own = hasMaps(options);
        boolean optsOut =
                options.hasUsernsOptions()
                        && options.getUsernsOptions().getMode() == NamespaceMode.NODE;
        if (handler.remap().isEmpty() || own || optsOut) {
            return false;
        }
        if (!host.userNamespaces()) {
            throw new UnsupportedException(
                    ("runtime_handler '%s' gives pods a user namespace, for which this host lacks"
                                    + " user namespaces or idmapped mounts")
                            .formatted(handler.name()));
        }
        refuseBeside(handler, "pid", options.getPid());
        if (!host.userNamespacesWithHostNetwork()) {
            refuseBeside(handler, "network", options.getNetwork());
        }
        return true;
    }

    private static boolean hasMaps(NamespaceOption options) {
        UserNamespace user = options.getUsernsOptions();
        return user.getUidsCount() > 0 || user.getGidsCount() > 0;
    }

    // As docker does it: the host's processes and network belong to the host's root.
    private static void refuseBeside(Handler handler, String field, NamespaceMode mode) {
        if (mode == NamespaceMode.NODE) {
            throw new InvalidArgumentException(
                    ("%s%s NODE does not go with the user namespace that runtime_handler '%s' gives"
                                    + " to pods; userns_options.mode NODE opts out of it")
                            .formatted(FIELD, field, handler.name()));
        }
    }

    /// What the sandbox has for itself. Absent options are all POD, as the protocol's numbers say.
    ///
    /// @param remapped a user namespace is added later: the request need not bring maps
    public static NamespaceSpec ofSandbox(
            NamespaceOption options, HostAbilities host, boolean remapped) {
        boolean hostNetwork = isHost("network", options.getNetwork());
        Optional<UserNamespaceSpec> user = remapped ? Optional.empty() : user(options, host);
        if (hostNetwork && user.isPresent() && !host.userNamespacesWithHostNetwork()) {
            throw new UnsupportedException(
                    FIELD + "userns_options.mode POD beside network NODE does not work here");
        }
        return new NamespaceSpec(
                hostNetwork, isHost("ipc", options.getIpc()), sandboxPid(options), user);
    }

    private static PidMode sandboxPid(NamespaceOption options) {
        return switch (options.getPid()) {
            case POD -> PidMode.POD;
            case CONTAINER -> PidMode.CONTAINER;
            case NODE -> PidMode.HOST;
            case TARGET, UNRECOGNIZED ->
                    throw Check.invalid(
                            FIELD + "pid", options.getPidValue(), "is not for a sandbox");
        };
    }

    private static boolean isHost(String field, NamespaceMode mode) {
        return switch (mode) {
            case POD -> false;
            case NODE -> true;
            case CONTAINER, TARGET, UNRECOGNIZED ->
                    throw Check.invalid(FIELD + field, mode, "is neither POD nor NODE");
        };
    }

    private static Optional<UserNamespaceSpec> user(NamespaceOption options, HostAbilities host) {
        if (!options.hasUsernsOptions()) {
            return Optional.empty();
        }
        UserNamespace wanted = options.getUsernsOptions();
        String field = FIELD + "userns_options.";
        if (!isHost("userns_options.mode", wanted.getMode())) {
            if (!host.userNamespaces()) {
                throw new UnsupportedException(
                        field + "mode POD needs user namespaces and idmapped mounts of the kernel");
            }
            return Optional.of(
                    new UserNamespaceSpec(
                            single(field + "uids", wanted.getUidsList()),
                            single(field + "gids", wanted.getGidsList())));
        }
        if (wanted.getUidsCount() > 0 || wanted.getGidsCount() > 0) {
            throw new InvalidArgumentException(
                    field + "mode NODE has no mappings, but uids or gids are given");
        }
        return Optional.empty();
    }

    private static List<IdMapping> single(String field, List<IDMapping> mappings) {
        if (mappings.size() != 1) {
            throw new InvalidArgumentException(
                    "%s has %d mappings, wanted exactly 1".formatted(field, mappings.size()));
        }
        IdMapping mapping = mappings(field, mappings).getFirst();
        if (mapping.containerId() != 0) {
            throw Check.invalid(
                    field + ".container_id",
                    mapping.containerId(),
                    "is not 0, so root is not mapped");
        }
        return List.of(mapping);
    }

    /// Id maps of a mount or a namespace; the protocol's numbers are unsigned.
    static List<IdMapping> mappings(String field, List<IDMapping> mappings) {
        Check.count(field, mappings.size(), Bounds.ID_MAPPINGS);
        try {
            return mappings.stream()
                    .map(mapping ->
                            new IdMapping(
                                    Integer.toUnsignedLong(mapping.getContainerId()),
                                    Integer.toUnsignedLong(mapping.getHostId()),
                                    Integer.toUnsignedLong(mapping.getLength())))
                    .toList();
        } catch (InvalidArgumentException e) {
            throw new InvalidArgumentException(field + ": " + e.getMessage(), e);
        }
    }

    /// Whose processes a container sees. Without options it gets what the sandbox has; with options
    /// it may have less than the sandbox, not more.
    ///
    /// @param wanted empty when the request says nothing about namespaces
    public static PidMode pidOfContainer(Optional<NamespaceOption> wanted, NamespaceSpec sandbox) {
        if (wanted.isEmpty()) {
            return sandbox.pid();
        }
        NamespaceOption options = wanted.get();
        notWider("network", isHost("network", options.getNetwork()), sandbox.hostNetwork());
        notWider("ipc", isHost("ipc", options.getIpc()), sandbox.hostIpc());
        sameUser(options, sandbox);
        return switch (options.getPid()) {
            case POD -> sharedPid(sandbox);
            case CONTAINER -> PidMode.CONTAINER;
            case NODE -> {
                notWider("pid", true, sandbox.pid() == PidMode.HOST);
                yield PidMode.HOST;
            }
            case TARGET -> {
                Check.name(FIELD + "target_id", options.getTargetId());
                yield PidMode.TARGET;
            }
            case UNRECOGNIZED ->
                    throw Check.invalid(FIELD + "pid", options.getPidValue(), "is unknown");
        };
    }

    private static PidMode sharedPid(NamespaceSpec sandbox) {
        if (sandbox.pid() == PidMode.CONTAINER) {
            throw new InvalidArgumentException(
                    FIELD + "pid POD, but the sandbox was made with CONTAINER and shares none");
        }
        return sandbox.pid();
    }

    private static void notWider(String field, boolean host, boolean sandboxHost) {
        if (host && !sandboxHost) {
            throw new InvalidArgumentException(
                    "%s%s NODE, but the sandbox was made without it".formatted(FIELD, field));
        }
    }

    // Without maps the container means those of its sandbox, whoever has chosen them.
    private static boolean isSame(UserNamespace user, UserNamespaceSpec spec) {
        boolean none = user.getUidsCount() == 0 && user.getGidsCount() == 0;
        return none
                || (spec.uids().equals(mappings("uids", user.getUidsList()))
                        && spec.gids().equals(mappings("gids", user.getGidsList())));
    }

    private static void sameUser(NamespaceOption options, NamespaceSpec sandbox) {
        if (!options.hasUsernsOptions()) {
            return;
        }
        UserNamespace user = options.getUsernsOptions();
        boolean host = isHost("userns_options.mode", user.getMode());
        boolean same =
                host
                        ? sandbox.user().isEmpty()
                        : sandbox.user().filter(spec -> isSame(user, spec)).isPresent();
        if (!same) {
            throw new InvalidArgumentException(
                    FIELD + "userns_options differ from those the sandbox was made with");
        }
    }
}
