package io.carpel.runtime.security;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.Printable;
import io.carpel.runtime.spec.SelinuxSpec;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// SELinux labels of pods and their containers.
///
/// All containers of a pod have one level, with a pair of categories that no other pod has, unless
/// something else is asked for. What is asked for is checked with or without SELinux on this host;
/// without it, or where the administrator wants none, nothing has a label.
public final class SelinuxLabel {
    private static final Logger LOG = LoggerFactory.getLogger(SelinuxLabel.class);

    /// The type of containers that are not confined, in every policy that knows containers.
    private static final String UNCONFINED = "spc_t";

    private static final String LOWEST = "s0";

    /// fsconfig(2) takes strings below 256 bytes.
    private static final int MAX_FILE_LABEL = 255;

    private final SelinuxPolicy policy;
    private final boolean wanted;
    private final SelinuxLevels levels;
    private final AtomicBoolean told = new AtomicBoolean();

    /// What a container gets.
    ///
    /// @param process what its processes become; empty leaves that to the policy
    /// @param file what its files show, of whatever kind they are
    public record Labels(Optional<String> process, Optional<String> file) {
        public static Labels none() {
            return new Labels(Optional.empty(), Optional.empty());
        }
    }

    /// How far a container is kept apart from the host by other means.
    ///
    /// @param hostProcesses it sees the host's processes or its IPC objects
    public record Confinement(boolean privileged, boolean hostProcesses) {}

    SelinuxLabel(SelinuxPolicy policy, boolean wanted, RandomGenerator random) {
        this.policy = policy;
        this.wanted = wanted;
        this.levels = new SelinuxLevels(random);
    }

    /// As this host is now.
    ///
    /// @param wanted whether containers get labels at all
    public static SelinuxLabel host(boolean wanted) {
        return new SelinuxLabel(SelinuxPolicy.host(), wanted, RandomGenerator.getDefault());
    }

    /// Settles the level of a pod. What it gets is nobody else's until [#release].
    ///
    /// @param asked parts for all of its containers
    /// @return the same, with a level where the policy has them
    /// @throws InvalidArgumentException when a part cannot be one, or the policy does not know it
    public SelinuxSpec reserve(String sandboxId, SelinuxSpec asked) {
        check(asked);
        if (!enabled() || (asked.level().isEmpty() && !policy.hasLevels())) {
            return asked;
        }
        if (asked.level().isEmpty()) {
            return asked.with(levels.take(sandboxId, policy.categories()));
        }
        Optional<String> _ = file(asked, true);
        claim(sandboxId, asked.level());
        return asked;
    }

    /// A level that was taken before a restart; an empty one is none.
    public void claim(String owner, String level) {
        if (!level.isEmpty()) {
            levels.claim(owner, SelinuxLevel.parse(level));
        }
    }

    /// Frees what the pod or container holds, if anything.
    public void release(String owner) {
        levels.release(owner);
    }

    /// What files show that all containers of a pod use.
    ///
    /// @param pod as [#reserve] has settled it
    public Optional<String> files(SelinuxSpec pod) {
        return enabled() ? file(pod, isAsked(pod)) : Optional.empty();
    }

    /// @param id of the container; a level of its own is its until [#release]
    /// @param pod as [#reserve] has settled it
    /// @param asked instead of what was asked for the pod, but for its level
    /// @throws InvalidArgumentException when a part cannot be one, or the policy does not know it
    public Labels container(String id, SelinuxSpec pod, SelinuxSpec asked, Confinement how) {
        check(asked);
        if (!enabled()) {
            return Labels.none();
        }
        SelinuxSpec parts = asked.isEmpty() ? pod : asked;
        if (parts.level().isEmpty()) {
            parts = parts.with(pod.level());
        }
        boolean explicit = !asked.isEmpty() || isAsked(parts);
        Labels labels = new Labels(process(parts, how, explicit), file(parts, explicit));
        claim(id, asked.level());
        return labels;
    }

    /// Who may do to the host what he likes is not kept from it by a label, whatever was asked for;
    /// who sees its processes is, when a type was asked for.
    private Optional<String> process(SelinuxSpec parts, Confinement how, boolean explicit) {
        SelinuxContext usual = policy.contexts().process();
        if (how.privileged() || (how.hostProcesses() && parts.type().isEmpty())) {
            return Optional.of(usual.withType(UNCONFINED).withLevel(level("")))
                    .filter(policy::knows)
                    .map(SelinuxContext::toString);
        }
        return known(usual.with(parts).withLevel(level(parts.level())), explicit);
    }

    private Optional<String> file(SelinuxSpec parts, boolean explicit) {
        SelinuxContext usual = policy.contexts().file();
        Optional<String> label =
                known(usual.withUser(parts.user()).withLevel(level(parts.level())), explicit);
        label.filter(text -> text.length() > MAX_FILE_LABEL)
                .ifPresent(text -> {
                    throw new InvalidArgumentException(
                            "selinux level '%s' makes a label of %d bytes for files, at most %d"
                                            .formatted(
                                                    Printable.of(parts.level()),
                                                    text.length(),
                                                    MAX_FILE_LABEL)
                                    + " are possible");
                });
        return label;
    }

    private boolean enabled() {
        return wanted && policy.enabled();
    }

    private String level(String asked) {
        return asked.isEmpty() && policy.hasLevels() ? LOWEST : asked;
    }

    /// The level of a pod may be one that was chosen for it.
    private static boolean isAsked(SelinuxSpec parts) {
        return !(parts.user().isEmpty() && parts.role().isEmpty() && parts.type().isEmpty());
    }

    /// No pod could start on a host whose policy has nothing for containers: there they run without
    /// a label of their own, unless they ask for one.
    private Optional<String> known(SelinuxContext context, boolean explicit) {
        if (policy.knows(context)) {
            return Optional.of(context.toString());
        }
        if (explicit) {
            throw new InvalidArgumentException(
                    "selinux label '%s' is none that the policy of this host knows"
                            .formatted(context));
        }
        if (!told.getAndSet(true)) {
            LOG.warn(
                    "containers run without selinux labels: the policy of this host does not know"
                            + " {}",
                    context);
        }
        return Optional.empty();
    }

    private static void check(SelinuxSpec spec) {
        check("user", spec.user());
        check("role", spec.role());
        check("type", spec.type());
        if (!spec.level().isEmpty()) {
            SelinuxLevel _ = SelinuxLevel.parse(spec.level());
        }
    }

    private static void check(String field, String part) {
        if (!part.isEmpty() && !SelinuxContext.isPart(part)) {
            throw new InvalidArgumentException(
                    "selinux %s '%s' holds characters that a label cannot have"
                            .formatted(field, Printable.of(part)));
        }
    }
}
