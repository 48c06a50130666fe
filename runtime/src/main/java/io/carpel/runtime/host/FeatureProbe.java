package io.carpel.runtime.host;

import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.host.Finding.Level;
import io.carpel.runtime.launch.HelperRoles;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.MountAttributes;
import io.carpel.runtime.linux.MountCalls;
import io.carpel.runtime.linux.NamespaceCalls;
import io.carpel.runtime.linux.SeccompCalls;
import io.carpel.runtime.security.AppArmorProfile;
import io.carpel.runtime.security.Capabilities;
import io.carpel.runtime.security.SelinuxPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Finds out what [KernelFeatures] tells, by trying.
public final class FeatureProbe {
    // openat2 5.6, mount_setattr 5.12; overlay on idmapped layers 5.19
    private static final int[] OLDEST = {5, 12};
    private static final int[] IDMAPPED_LAYERS = {5, 19};
    private static final int SYS_RESOURCE = 24;
    private static final int SYS_ADMIN = 21;

    private final MountCalls mounts;
    private final NamespaceCalls namespaces;
    private final SeccompCalls seccomp;
    private final HelperRoles helpers;
    private final HostFiles files;
    private final List<Finding> findings = new ArrayList<>();

    public FeatureProbe(
            MountCalls mounts,
            NamespaceCalls namespaces,
            SeccompCalls seccomp,
            HelperRoles helpers) {
        this(mounts, namespaces, seccomp, helpers, new HostFiles(Path.of("/")));
    }

    FeatureProbe(
            MountCalls mounts,
            NamespaceCalls namespaces,
            SeccompCalls seccomp,
            HelperRoles helpers,
            HostFiles files) {
        this.mounts = mounts;
        this.namespaces = namespaces;
        this.seccomp = seccomp;
        this.helpers = helpers;
        this.files = files;
    }

    /// @param stateDir an existing directory on the filesystem that holds images and layers
    /// @param helperSocket where a helper process may listen for a moment
    /// @param cgroupProblems what the cgroup room found missing, in sentences
    public KernelFeatures probe(Path stateDir, Path helperSocket, List<String> cgroupProblems)
            throws IOException {
        findings.clear();
        String release = files.line("proc/sys/kernel/osrelease");
        kernel(release);
        long bounding = files.capabilities("CapBnd") & Capabilities.all();
        boolean sysResource = capabilities(bounding);
        boolean overlay = overlay();
        boolean recursive = recursiveReadonly(stateDir);
        boolean filters = seccomp();
        boolean[] user = userNamespaces(stateDir, helperSocket, release);
        boolean apparmor = AppArmorProfile.host().available();
        SelinuxPolicy selinux = SelinuxPolicy.host();
        findings.add(
                SecurityModules.finding(
                        apparmor, AppArmorParser.host().program().isPresent(), selinux));
        cgroupProblems.forEach(
                problem -> add(Level.DEGRADED, "cgroups", problem, "enable or mount it"));
        if (cgroupProblems.isEmpty()) {
            add(Level.GOOD, "cgroups", "all controllers are there", "");
        }
        nftables();
        List<String> sizes = files.hugepageSizes();
        add(
                Level.GOOD,
                "huge pages",
                sizes.isEmpty() ? "this machine has none" : "sizes " + String.join(", ", sizes),
                "");
        int oomScoreAdj = Integer.parseInt(files.line("proc/self/oom_score_adj"));
        findings.sort(Comparator.comparing(Finding::level).reversed());
        return new KernelFeatures(
                release,
                overlay,
                recursive,
                user[0],
                user[1],
                filters,
                apparmor,
                selinux.enabled(),
                sysResource,
                bounding,
                oomScoreAdj,
                sizes,
                findings);
    }

    private void add(Level level, String subject, String text, String fix) {
        findings.add(new Finding(level, subject, text, fix));
    }

    private void kernel(String release) {
        if (HostFiles.isAtLeast(release, OLDEST)) {
            add(Level.GOOD, "kernel", release, "");
        } else {
            add(
                    Level.BROKEN,
                    "kernel",
                    release + " is older than 5.12 and lacks openat2 or mount_setattr",
                    "boot a newer kernel");
        }
    }

    private boolean capabilities(long bounding) throws IOException {
        long effective = files.capabilities("CapEff");
        if ((effective & 1L << SYS_ADMIN) == 0) {
            add(
                    Level.BROKEN,
                    "capabilities",
                    "CAP_SYS_ADMIN is missing: no namespace can be made",
                    "run as root, outside of unprivileged containers");
        }
        boolean sysResource = (effective & 1L << SYS_RESOURCE) != 0;
        if (!sysResource) {
            add(
                    Level.DEGRADED,
                    "capabilities",
                    "CAP_SYS_RESOURCE is missing: hard limits cannot be raised, nor OOM scores"
                            + " lowered; requests for it are clamped",
                    "give the service CAP_SYS_RESOURCE");
        }
        List<String> withheld = Capabilities.names(Capabilities.all() & ~bounding);
        if (withheld.isEmpty()) {
            add(Level.GOOD, "capabilities", "all can be handed on", "");
        } else {
            add(
                    Level.DEGRADED,
                    "capabilities",
                    "containers can never get " + String.join(", ", withheld),
                    "take CapabilityBoundingSet= off the service, or start it outside a container");
        }
        return sysResource;
    }

    private boolean overlay() {
        try (Fd _ = mounts.fsopen("overlay")) {
            add(Level.GOOD, "overlayfs", "can be mounted", "");
            return true;
        } catch (ErrnoException e) {
            add(
                    Level.BROKEN,
                    "overlayfs",
                    "cannot be mounted: " + e.getMessage(),
                    "load the module overlay");
            return false;
        }
    }

    /// Whether mounts can be made read-only with all below them; tried on a copy that nobody sees.
    public static boolean recursiveReadonly(MountCalls mounts, Path directory) {
        try {
            makeReadonly(mounts, directory);
            return true;
        } catch (ErrnoException _) {
            return false;
        }
    }

    private static void makeReadonly(MountCalls mounts, Path directory) throws ErrnoException {
        try (Fd tree = mounts.openTree(directory, MountCalls.OPEN_TREE_CLONE)) {
            mounts.setAttributes(
                    tree,
                    MountCalls.AT_RECURSIVE,
                    new MountAttributes(MountAttributes.RDONLY, 0, 0));
        }
    }

    private boolean recursiveReadonly(Path stateDir) {
        try {
            makeReadonly(mounts, stateDir);
            add(Level.GOOD, "read-only mounts", "can include everything below them", "");
            return true;
        } catch (ErrnoException e) {
            add(
                    Level.BROKEN,
                    "read-only mounts",
                    "mount_setattr does not work: " + e.getMessage(),
                    "boot a kernel from 5.12 on, and allow mount_setattr to this service");
            return false;
        }
    }

    private boolean seccomp() {
        boolean kernel = files.exists("proc/sys/kernel/seccomp/actions_avail");
        boolean library;
        try {
            library = seccomp.nativeArchitecture() != 0;
        } catch (UnsatisfiedLinkError _) {
            library = false;
        }
        if (!kernel) {
            add(
                    Level.DEGRADED,
                    "seccomp",
                    "the kernel cannot filter system calls",
                    "boot a kernel with CONFIG_SECCOMP_FILTER");
        } else if (!library) {
            add(
                    Level.DEGRADED,
                    "seccomp",
                    "libseccomp.so.2 is not installed: only unconfined containers run",
                    "install the package libseccomp2");
        } else {
            add(Level.GOOD, "seccomp", "system calls can be filtered", "");
        }
        return kernel && library;
    }

    /// @return whether user namespaces work, and whether idmapped layers do
    private boolean[] userNamespaces(Path stateDir, Path socket, String release) {
        var contents =
                new HelperRoles.UserNamespaceContents(false, false, java.util.Optional.empty());
        try (var helper = helpers.startUserNamespaceHelper(socket, contents)) {
            Path process = Path.of("/proc", Integer.toString(helper.pid()));
            Files.writeString(process.resolve("uid_map"), "0 1000000 65536\n");
            Files.writeString(process.resolve("gid_map"), "0 1000000 65536\n");
            helper.proceed();
            add(Level.GOOD, "user namespaces", "pods can have their own", "");
            try (Fd user = namespaces.open(process.resolve("ns/user"))) {
                return new boolean[] {true, idmapped(stateDir, user, release)};
            }
        } catch (IOException | ContainerRuntimeException e) {
            add(
                    Level.DEGRADED,
                    "user namespaces",
                    "cannot be made: " + e.getMessage(),
                    "set the sysctl user.max_user_namespaces above 0");
            return new boolean[] {false, false};
        }
    }

    private boolean idmapped(Path stateDir, Fd user, String release) {
        if (!HostFiles.isAtLeast(release, IDMAPPED_LAYERS)) {
            add(
                    Level.DEGRADED,
                    "idmapped mounts",
                    "overlayfs takes mapped layers only from kernel 5.19 on",
                    "boot a newer kernel to run pods with user namespaces");
            return false;
        }
        try (Fd tree = mounts.openTree(stateDir, MountCalls.OPEN_TREE_CLONE)) {
            mounts.mapIds(tree, 0, user);
            add(
                    Level.GOOD,
                    "idmapped mounts",
                    "the filesystem of %s can map ids".formatted(stateDir),
                    "");
            return true;
        } catch (ErrnoException e) {
            add(
                    Level.DEGRADED,
                    "idmapped mounts",
                    "the filesystem of %s cannot map ids: %s".formatted(stateDir, e.getMessage()),
                    "put the state directory on ext4, xfs or btrfs to run pods with user"
                            + " namespaces");
            return false;
        }
    }

    private void nftables() throws IOException {
        if (files.hasLibrary("libnftables.so.1")) {
            add(Level.GOOD, "nftables", "libnftables is installed", "");
        } else {
            add(
                    Level.DEGRADED,
                    "nftables",
                    "libnftables.so.1 is not installed: the built-in network cannot translate"
                            + " addresses",
                    "install the package libnftables1, or configure CNI plugins");
        }
    }
}
