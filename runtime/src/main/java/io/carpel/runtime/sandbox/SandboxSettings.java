package io.carpel.runtime.sandbox;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.launch.CgroupPlacement;
import io.carpel.runtime.store.StateLayout;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.UnaryOperator;

/// What the administrator chose about sandboxes.
///
/// @param ownName begins the names of network namespaces
/// @param cgroupParents what a sandbox names → the path of its cgroup; throws when it cannot be one
/// @param etc the host's `/etc`
/// @param shmSize bytes of the `/dev/shm` that containers share
/// @param sysctls of every sandbox that has the namespace they belong to and asks for no other
/// @param helpers where processes live that hold namespaces
public record SandboxSettings(
        StateLayout layout,
        String ownName,
        UnaryOperator<String> cgroupParents,
        Path etc,
        long shmSize,
        Map<String, String> sysctls,
        CgroupPlacement helpers) {
    /// As many characters of an id as tools print: enough to be unique on a host.
    private static final int SHORT_ID = 13;

    private static final int ID = 64;

    public SandboxSettings {
        sysctls = Map.copyOf(sysctls);
    }

    Path netnsFile(String id) {
        return layout.networkNamespace(ownName + "-" + id.substring(0, SHORT_ID));
    }

    /// Ids become file names and the ends of cgroup names.
    ///
    /// @throws InvalidArgumentException when it is not 64 lower-case hexadecimal digits
    public static String checkId(String what, String id) {
        boolean fine =
                id.length() == ID
                        && id.chars()
                                .allMatch(c -> (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
        if (!fine) {
            throw new InvalidArgumentException(
                    what + " id is not 64 lower-case hexadecimal digits");
        }
        return id;
    }
}
