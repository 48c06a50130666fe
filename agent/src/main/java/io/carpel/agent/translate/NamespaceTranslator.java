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

    /// What the sandbox has for itself. Absent options are all POD, as the protocol's numbers say.
    public static NamespaceSpec ofSandbox(NamespaceOption options, HostAbilities host) {
        boolean hostNetwork = isHost("network", options.getNetwork());
        Optional<UserNamespaceSpec> user = user(options, host);
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

    private static void sameUser(NamespaceOption options, NamespaceSpec sandbox) {
        if (!options.hasUsernsOptions()) {
            return;
        }
        UserNamespace user = options.getUsernsOptions();
        boolean host = isHost("userns_options.mode", user.getMode());
        boolean same =
                host
                        ? sandbox.user().isEmpty()
                        : sandbox.user()
                                .filter(spec ->
                                        spec.uids().equals(mappings("uids", user.getUidsList()))
                                                && spec.gids()
                                                        .equals(
                                                                mappings(
                                                                        "gids",
                                                                        user.getGidsList())))
                                .isPresent();
        if (!same) {
            throw new InvalidArgumentException(
                    FIELD + "userns_options differ from those the sandbox was made with");
        }
    }
}
