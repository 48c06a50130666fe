package io.carpel.runtime.container;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.image.ResolvedUser;
import io.carpel.runtime.launch.Credentials;
import io.carpel.runtime.launch.ExecLabel;
import io.carpel.runtime.launch.ResolvedProcess;
import io.carpel.runtime.launch.ResolvedProcess.Streams;
import io.carpel.runtime.security.AppArmorProfile;
import io.carpel.runtime.security.Capabilities;
import io.carpel.runtime.security.CapabilitySets;
import io.carpel.runtime.security.SelinuxLabel;
import io.carpel.runtime.spec.Bytes;
import io.carpel.runtime.spec.ContainerSpec;
import io.carpel.runtime.spec.IdMapping;
import io.carpel.runtime.spec.RlimitSpec;
import io.carpel.runtime.spec.SecuritySpec;
import io.carpel.runtime.spec.UserNamespaceSpec;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Decides what a container's process may do and as whom it runs.
///
/// @param defaultCapabilities names without `CAP_`
public record ProcessPolicy(
        Capabilities capabilities,
        Set<String> defaultCapabilities,
        SeccompFilters seccomp,
        AppArmorProfile apparmor,
        SelinuxLabel selinux,
        HostBounds bounds) {
    private static final Logger LOG = LoggerFactory.getLogger(ProcessPolicy.class);

    public ProcessPolicy {
        defaultCapabilities = Set.copyOf(defaultCapabilities);
    }

    /// @param user the container's user namespace
    /// @param label for SELinux
    ResolvedProcess resolve(
            ContainerSpec spec,
            MergedProcess merged,
            ResolvedUser who,
            Optional<UserNamespaceSpec> user,
            Optional<String> label) {
        user.ifPresent(maps -> checkMapped(who, maps));
        SecuritySpec security = spec.security();
        Set<String> base =
                security.baseCapabilities()
                        .<Set<String>>map(Set::copyOf)
                        .orElse(defaultCapabilities);
        CapabilitySets sets = capabilities.resolve(security, base, who.uid() == 0);
        // A privileged container is confined by nothing; a profile given all the same is ignored.
        Bytes filter =
                security.privileged()
                        ? Bytes.empty()
                        : seccomp.compile(
                                security.seccomp(),
                                new LinkedHashSet<>(Capabilities.names(sets.bounding())));
        return new ResolvedProcess(
                merged.argv(),
                merged.env(),
                merged.workingDir(),
                new Credentials(who.uid(), who.gid(), who.groups(), sets),
                security.noNewPrivileges(),
                filter,
                new Streams(
                        spec.process().tty(), spec.process().stdin(), spec.process().stdinOnce()),
                limits(spec, user.isPresent()),
                Optional.of(bounds.clampOomScore(spec.resources().oomScoreAdj())),
                label(security, label));
    }

    /// As near to what was asked for as the host allows, and said so: a pod must not fail for it.
    private List<RlimitSpec> limits(ContainerSpec spec, boolean mapped) {
        List<RlimitSpec> limits = new ArrayList<>(spec.rlimits().size());
        for (RlimitSpec asked : spec.rlimits()) {
            RlimitSpec given = bounds.clamp(asked, mapped);
            if (!given.equals(asked)) {
                LOG.warn(
                        "container {}: {} {}:{} is more than this host may give, it gets {}:{}",
                        spec.id(),
                        asked.name(),
                        asked.soft(),
                        asked.hard(),
                        given.soft(),
                        given.hard());
            }
            limits.add(given);
        }
        return limits;
    }

    private Optional<ExecLabel> label(SecuritySpec security, Optional<String> label) {
        Optional<String> profile = apparmor.resolve(security.apparmor(), security.privileged());
        return profile.map(name -> new ExecLabel(ExecLabel.Module.APPARMOR, "exec " + name))
                .or(() -> label.map(text -> new ExecLabel(ExecLabel.Module.SELINUX, text)));
    }

    private static void checkMapped(ResolvedUser who, UserNamespaceSpec maps) {
        check("user", who.uid(), maps.uids());
        check("group", who.gid(), maps.gids());
        who.groups().forEach(group -> check("group", group, maps.gids()));
    }

    private static void check(String what, long id, List<IdMapping> map) {
        if (map.stream().allMatch(line -> line.toHost(id) < 0)) {
            throw new InvalidArgumentException(
                    "%s %d is not mapped in the sandbox's user namespace".formatted(what, id));
        }
    }
}
