package io.carpel.runtime.namespace;

import io.carpel.runtime.error.AlreadyExistsException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.FilesystemInfo;
import io.carpel.runtime.linux.MountCalls;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/// Files on which namespaces are held by a bind mount.
final class Pins {
    /// Mounts can be stacked; nobody stacks more than this on a pin.
    private static final int MAX_STACK = 8;

    private final MountCalls mounts;

    Pins(MountCalls mounts) {
        this.mounts = mounts;
    }

    /// Holds a namespace at `pin`.
    ///
    /// @param namespace a file below `/proc/PID/ns`
    /// @throws AlreadyExistsException when another one is held there
    void bind(Path namespace, Path pin) throws IOException {
        makeFile(pin);
        try {
            mounts.mount(namespace.toString(), pin, "", MountCalls.MS_BIND, "");
        } catch (ErrnoException e) {
            Files.deleteIfExists(pin);
            throw e;
        }
    }

    private void makeFile(Path pin) throws IOException {
        Path directory = pin.getParent();
        if (directory != null && !Files.exists(directory)) {
            Files.createDirectories(
                    directory,
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rwxr-xr-x")));
        }
        try {
            Files.createFile(
                    pin,
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("r--r--r--")));
        } catch (FileAlreadyExistsException e) {
            if (Files.isSymbolicLink(pin) || alive(pin)) {
                throw new AlreadyExistsException(
                        "%s is taken by another namespace".formatted(pin), e);
            }
            // A file that a reboot or a crash left without its mount is as good as new.
        }
    }

    /// Whether a namespace is held at `pin` now.
    boolean alive(Path pin) {
        try {
            return mounts.statfs(pin).type() == FilesystemInfo.NSFS;
        } catch (ErrnoException e) {
            if (e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR)) {
                return false;
            }
            throw new KernelFaultException("could not look at pin %s".formatted(pin), e);
        }
    }

    /// Lets go of what is held or mounted at `target` and removes the file or empty directory.
    void release(Path target) {
        unmount(target);
        try {
            if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
                Files.delete(target);
            }
        } catch (IOException e) {
            throw new KernelFaultException("could not take down %s".formatted(target), e);
        }
    }

    /// Takes off whatever is mounted at `target`.
    void unmount(Path target) {
        try {
            int unmounted = 0;
            while (unmounted < MAX_STACK && unmounted(target)) {
                unmounted++;
            }
        } catch (IOException e) {
            throw new KernelFaultException("could not take down %s".formatted(target), e);
        }
    }

    /// False when nothing is mounted there.
    private boolean unmounted(Path target) throws ErrnoException {
        try {
            mounts.unmount(target, MountCalls.MNT_DETACH | MountCalls.UMOUNT_NOFOLLOW);
            return true;
        } catch (ErrnoException e) {
            if (e.is(Errno.EINVAL) || e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR)) {
                return false;
            }
            throw e;
        }
    }
}
