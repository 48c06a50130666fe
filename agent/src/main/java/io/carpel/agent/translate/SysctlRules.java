package io.carpel.agent.translate;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.NamespaceSpec;
import java.util.Map;
import java.util.regex.Pattern;

/// Which kernel parameters a pod may set: those that belong to a namespace it has for itself.
final class SysctlRules {
    // Dotted form only: a slash would be a second spelling of the same key, or a way out of the
    // directory.
    private static final Pattern KEY = Pattern.compile("[a-z0-9_]+(\\.[A-Za-z0-9_-]+)+");
    private static final int VALUE_LIMIT = 1_024;

    private SysctlRules() {}

    static Map<String, String> check(Map<String, String> sysctls, NamespaceSpec namespaces) {
        Check.count("linux.sysctls", sysctls.size(), Bounds.SYSCTLS);
        sysctls.forEach((key, value) -> check(key, value, namespaces));
        return sysctls;
    }

    private static void check(String key, String value, NamespaceSpec namespaces) {
        if (key.length() > Bounds.NAME_BYTES || !KEY.matcher(key).matches()) {
            throw Check.invalid("linux.sysctls", key, "is not a name in dotted form");
        }
        String field = "linux.sysctls[" + key + "]";
        if (value.length() > VALUE_LIMIT) {
            throw new InvalidArgumentException(
                    "%s is longer than %d characters".formatted(field, VALUE_LIMIT));
        }
        // Some parameters hold several numbers with a tab between them; nothing else is let in.
        Check.text(field, value.replace('\t', ' '));
        if (key.startsWith("net.")) {
            ownOnly(key, "network", !namespaces.hostNetwork());
        } else if (key.equals("kernel.domainname")) {
            ownOnly(key, "UTS", !namespaces.hostNetwork());
        } else if (isIpc(key)) {
            ownOnly(key, "IPC", !namespaces.hostIpc());
        } else {
            throw Check.invalid(
                    "linux.sysctls", key, "does not belong to a namespace of the pod's own");
        }
    }

    private static boolean isIpc(String key) {
        return key.startsWith("kernel.shm")
                || key.startsWith("kernel.msg")
                || key.equals("kernel.sem")
                || key.startsWith("fs.mqueue.");
    }

    private static void ownOnly(String key, String namespace, boolean own) {
        if (!own) {
            throw Check.invalid(
                    "linux.sysctls",
                    key,
                    "belongs to the %s namespace, which this pod shares with the host"
                            .formatted(namespace));
        }
    }
}
