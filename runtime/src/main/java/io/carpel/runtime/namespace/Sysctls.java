package io.carpel.runtime.namespace;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.Fd;
import io.carpel.runtime.linux.FileCalls;
import io.carpel.runtime.linux.LinuxFileCalls;
import io.carpel.runtime.spec.NamespaceSpec;
import io.carpel.runtime.spec.Printable;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// Kernel parameters of a pod: only such as belong to one of its own namespaces.
///
/// A key is taken apart into components, each checked, and each becomes one name below `/proc/sys`;
/// key and value never travel in one string, so neither can smuggle in another.
public final class Sysctls {
    private static final String ROOT = "/proc/sys";
    private static final long STAY_BELOW =
            FileCalls.RESOLVE_BENEATH | FileCalls.RESOLVE_NO_SYMLINKS;
    private static final FileCalls FILES = new LinuxFileCalls();
    private static final int MAX_VALUE = 1024;
    private static final int MAX_COUNT = 256;

    private static final Pattern KEY =
            Pattern.compile("[A-Za-z0-9_-]{1,64}(\\.[A-Za-z0-9_-]{1,64}){1,8}");

    /// ipc_namespaces(7).
    private static final Set<String> IPC =
            Set.of(
                    "kernel.auto_msgmni",
                    "kernel.msg_next_id",
                    "kernel.msgmax",
                    "kernel.msgmnb",
                    "kernel.msgmni",
                    "kernel.sem",
                    "kernel.sem_next_id",
                    "kernel.shm_next_id",
                    "kernel.shm_rmid_forced",
                    "kernel.shmall",
                    "kernel.shmmax",
                    "kernel.shmmni");

    private Sysctls() {}

    /// Refuses every key that is not of one of the pod's own namespaces.
    ///
    /// @throws InvalidArgumentException with the key and the reason
    public static void check(Map<String, String> sysctls, NamespaceSpec spec) {
        if (sysctls.size() > MAX_COUNT) {
            throw new InvalidArgumentException(
                    "%d sysctls, more than %d".formatted(sysctls.size(), MAX_COUNT));
        }
        sysctls.forEach((key, value) -> check(key, value, spec));
    }

    private static void check(String key, String value, NamespaceSpec spec) {
        if (!KEY.matcher(key).matches()) {
            throw new InvalidArgumentException(
                    "sysctl '%s' is not of the form name.name".formatted(Printable.of(key)));
        }
        boolean badValue =
                value.isEmpty()
                        || value.length() > MAX_VALUE
                        || value.chars().anyMatch(c -> (c < ' ' && c != '\t') || c > '~');
        if (badValue) {
            throw new InvalidArgumentException(
                    "sysctl %s has the value '%s', which no kernel parameter takes"
                            .formatted(key, Printable.of(value)));
        }
        if (key.startsWith("net.")) {
            require(!spec.hostNetwork(), key, "network");
        } else if (IPC.contains(key) || key.startsWith("fs.mqueue.")) {
            require(!spec.hostIpc(), key, "IPC");
        } else if (key.equals("kernel.domainname")) {
            require(!spec.hostNetwork(), key, "UTS");
        } else {
            throw new InvalidArgumentException(
                    "sysctl %s does not belong to a namespace: it would change the host"
                            .formatted(key));
        }
    }

    /// The administrator's parameters as far as the pod has the namespace that they belong to, and
    /// what it asks for itself over them.
    public static Map<String, String> over(
            Map<String, String> defaults, Map<String, String> asked, NamespaceSpec spec) {
        Map<String, String> all = new TreeMap<>();
        defaults.forEach((key, value) -> {
            if (isIpc(key) ? !spec.hostIpc() : !spec.hostNetwork()) {
                all.put(key, value);
            }
        });
        all.putAll(asked);
        return all;
    }

    private static void require(boolean own, String key, String namespace) {
        if (!own) {
            throw new InvalidArgumentException(
                    "sysctl %s needs a %s namespace of the pod's own, but it has the host's"
                            .formatted(key, namespace));
        }
    }

    /// Whether the parameter lies in the IPC namespace, where only the root of the owning user
    /// namespace may write.
    static boolean isIpc(String key) {
        return IPC.contains(key) || key.startsWith("fs.mqueue.");
    }

    /// Writes the parameters for the namespaces of the calling thread, in order of their keys.
    static void write(Map<String, String> checked) {
        if (checked.isEmpty()) {
            return;
        }
        try (Fd root = FILES.open(ROOT, FileCalls.O_PATH | FileCalls.O_DIRECTORY, 0)) {
            new TreeMap<>(checked).forEach((key, value) -> write(root, key, value));
        } catch (ErrnoException e) {
            throw new KernelFaultException("could not open " + ROOT, e);
        }
    }

    private static void write(Fd root, String key, String value) {
        byte[] text = value.getBytes(StandardCharsets.US_ASCII);
        try (Fd file =
                FILES.openat2(root, key.replace('.', '/'), FileCalls.O_WRONLY, 0, STAY_BELOW)) {
            FILES.writeFully(file, ByteBuffer.allocateDirect(text.length).put(text).flip());
        } catch (ErrnoException e) {
            if (e.is(Errno.ENOENT)) {
                throw new InvalidArgumentException(
                        "sysctl %s is unknown to this kernel".formatted(key), e);
            }
            String message =
                    "could not set sysctl %s to '%s': %s"
                            .formatted(key, value, Errno.describe(e.errno()));
            if (e.is(Errno.EINVAL) || e.is(Errno.ERANGE)) {
                throw new InvalidArgumentException(message, e);
            }
            throw new KernelFaultException(message, e);
        }
    }
}
