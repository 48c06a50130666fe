package io.carpel.runtime.security;

/// The SELinux policy of this host.
public interface SelinuxPolicy {
    /// As this host is now.
    static SelinuxPolicy host() {
        return new HostSelinuxPolicy();
    }

    /// Whether the kernel has one. Nothing else is to be asked otherwise.
    boolean enabled();

    /// Whether the kernel refuses what the policy does not allow, or only tells.
    boolean enforcing();

    /// Whether labels have a level.
    boolean hasLevels();

    /// How many categories there are, from c0 on.
    int categories();

    /// What the policy means for containers; read anew each time, so that another one that is
    /// loaded counts at once.
    ContainerContexts contexts();

    /// Whether the policy knows all parts of the label, and their combination. A kernel that cannot
    /// be asked says so when the label is used.
    boolean knows(SelinuxContext context);
}
