package io.carpel.runtime.namespace;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.spec.NamespaceSpec;
import io.carpel.runtime.spec.Printable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// Kernel parameters of a pod: only such as belong to one of its own namespaces.
///
/// A key is taken apart into components, each checked, and each becomes one name below `/proc/sys`;
/// key and value never travel in one string, so neither can smuggle in another.
public final class Sysctls {
    private static final Path ROOT = Path.of("/proc/sys");
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
        new TreeMap<>(checked).forEach(Sysctls::write);
    }

    private static void write(String key, String value) {
        Path file = ROOT;
        for (String component : key.split("\\.", -1)) {
            file = file.resolve(component);
        }
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS)) {
            channel.write(ByteBuffer.wrap(value.getBytes(StandardCharsets.US_ASCII)));
        } catch (NoSuchFileException e) {
            throw new InvalidArgumentException(
                    "sysctl %s is unknown to this kernel".formatted(key), e);
        } catch (IOException e) {
            String message =
                    "could not set sysctl %s to '%s': %s".formatted(key, value, e.getMessage());
            if (String.valueOf(e.getMessage()).contains("Invalid argument")) {
                throw new InvalidArgumentException(message, e);
            }
            throw new KernelFaultException(message, e);
        }
    }
}
