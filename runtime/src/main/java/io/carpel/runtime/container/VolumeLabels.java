package io.carpel.runtime.container;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.launch.ResolvedMount;
import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.FileCalls;
import io.carpel.runtime.linux.TreeLabels;
import io.carpel.runtime.spec.Printable;
import io.carpel.runtime.store.StateLayout;
import io.carpel.runtime.work.SlowCalls;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// Gives the volumes of a container the label of its files where that was asked for.
///
/// Large ones take their time. A caller that has given up meanwhile is told so when he tries again,
/// until all is done.
final class VolumeLabels {
    /// Who labels one of these for one container takes it from the host and everybody else. What
    /// lies above one of them is here as well.
    private static final List<String> HOSTS =
            List.of(
                    "/",
                    "/bin",
                    "/boot",
                    "/etc",
                    "/etc/kubernetes",
                    "/etc/passwd",
                    "/etc/pki",
                    "/etc/shadow",
                    "/home",
                    "/lib",
                    "/lib64",
                    "/media",
                    "/mnt",
                    "/opt",
                    "/root",
                    "/run",
                    "/sbin",
                    "/srv",
                    "/tmp",
                    "/usr",
                    "/usr/bin",
                    "/usr/lib",
                    "/usr/lib64",
                    "/usr/local",
                    "/usr/sbin",
                    "/usr/share",
                    "/var",
                    "/var/lib",
                    "/var/lib/kubelet",
                    "/var/log",
                    "/var/tmp");

    /// All that is in them is the kernel's.
    private static final List<Path> KERNELS =
            Stream.of("/dev", "/proc", "/sys").map(Path::of).toList();

    /// A file, whatever it is called.
    private record Identity(int major, int minor, long inode) {
        static Identity of(FileCalls files, Fd file) throws ErrnoException {
            FileCalls.Stat stat = files.fstat(file);
            return new Identity(stat.deviceMajor(), stat.deviceMinor(), stat.inode());
        }
    }

    private final FileCalls files;
    private final SlowCalls slow;
    private final List<Path> ours;

    /// @param layout its directories are labelled for nobody
    VolumeLabels(FileCalls files, SlowCalls slow, StateLayout layout) {
        this.files = files;
        this.slow = slow;
        this.ours = List.of(layout.runDir(), layout.stateDir());
    }

    /// @throws InvalidArgumentException for a place that is not a container's
    void put(List<ResolvedMount> mounts, String label) throws IOException {
        List<ResolvedMount> asked =
                mounts.stream()
                        .filter(mount -> mount.spec().relabel() && mount.layers().isEmpty())
                        .toList();
        if (asked.isEmpty()) {
            return;
        }
        slow.call(spot -> {
            for (ResolvedMount mount : asked) {
                spot.at("labelling host path " + Printable.of(mount.source().toString()));
                put(mount, label);
            }
            return asked;
        });
    }

    private void put(ResolvedMount mount, String label) throws IOException {
        String source = mount.source().toString();
        // The path has no link in it any more, unless somebody has just made one.
        try (Fd root = files.open("/", FileCalls.O_PATH | FileCalls.O_DIRECTORY, 0);
                Fd top =
                        files.openat2(
                                root, source, FileCalls.O_PATH, 0, FileCalls.RESOLVE_NO_SYMLINKS)) {
            if (isKernels(mount.source()) || isHosts(top)) {
                throw refused(mount, "it is not a container's to label");
            }
            TreeLabels.set(files, top, label);
        } catch (ErrnoException e) {
            if (!e.is(Errno.ENOTSUP)) { // a filesystem that has no labels needs none
                throw new IOException(
                        "could not label host path %s for the mount at %s: %s"
                                .formatted(
                                        Printable.of(source),
                                        Printable.of(mount.spec().target()),
                                        e.getMessage()),
                        e);
            }
        }
    }

    private static boolean isKernels(Path source) {
        return KERNELS.stream().anyMatch(source::startsWith);
    }

    /// Compared as files: a bind mount may show one of them anywhere.
    private boolean isHosts(Fd top) throws ErrnoException {
        Identity asked = Identity.of(files, top);
        List<String> places = new ArrayList<>(HOSTS);
        ours.forEach(directory -> places.add(directory.toString()));
        for (String place : places) {
            try (Fd file = files.open(place, FileCalls.O_PATH, 0)) {
                if (Identity.of(files, file).equals(asked)) {
                    return true;
                }
            } catch (ErrnoException e) {
                if (!e.is(Errno.ENOENT)) {
                    throw e;
                }
            }
        }
        return false;
    }

    private static InvalidArgumentException refused(ResolvedMount mount, String why) {
        return new InvalidArgumentException(
                "mount of '%s' at '%s' with a new selinux label: %s"
                        .formatted(
                                Printable.of(mount.spec().source()),
                                Printable.of(mount.spec().target()),
                                why));
    }
}
