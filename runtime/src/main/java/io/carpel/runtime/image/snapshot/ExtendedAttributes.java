package io.carpel.runtime.image.snapshot;

import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;
import java.util.LinkedHashMap;
import java.util.Map;

/// Extended attributes that a layer may bring.
///
/// Others would speak to the host instead of the container: `trusted.overlay.*` and
/// `user.overlay.*` steer overlayfs, `security.selinux` and `security.ima` the host's policy. They
/// are left out without an error, because images carry them by accident.
final class ExtendedAttributes {
    private static final String PREFIX = "SCHILY.xattr.";
    private static final int VALUE_LIMIT = 64 * 1024;

    private ExtendedAttributes() {}

    static Map<String, byte[]> of(Map<String, byte[]> pax) throws LayerRefusedException {
        Map<String, byte[]> out = new LinkedHashMap<>();
        for (var record : pax.entrySet()) {
            if (record.getKey().startsWith(PREFIX)) {
                String name = record.getKey().substring(PREFIX.length());
                if (isAllowed(name)) {
                    if (record.getValue().length > VALUE_LIMIT) {
                        throw new LayerRefusedException("extended attribute is too large");
                    }
                    out.put(name, record.getValue());
                }
            }
        }
        return out;
    }

    /// Whether a layer may bring the attribute of this name.
    static boolean isAllowed(String name) {
        return name.equals("security.capability")
                || name.equals("system.posix_acl_access")
                || name.equals("system.posix_acl_default")
                || (name.startsWith("user.") && !name.startsWith("user.overlay."));
    }

    /// A filesystem without attributes, or an entry that cannot have any, is no reason to refuse an
    /// image.
    static void tolerate(ErrnoException e) throws ErrnoException {
        if (!e.is(Errno.ENOTSUP) && !e.is(Errno.EPERM)) {
            throw e;
        }
    }
}
