package io.carpel.runtime.namespace;

import io.carpel.runtime.launch.HelperRoles;
import io.carpel.runtime.spec.IdMapping;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;

/// User namespaces that nobody runs in: mount_setattr(2) takes the id maps of an idmapped mount
/// from one. A mount that has the maps of its pod takes the pod's; others get one from here.
public interface IdmapNamespaces {
    /// On this host.
    ///
    /// @param helpers asked when the first one is wanted, which in most containers never happens
    static IdmapNamespaces of(Supplier<HelperRoles> helpers) {
        return new HelperIdmapNamespaces(helpers);
    }

    /// Makes one. The kernel keeps what it needs of it once a mount is mapped, so it is to be
    /// closed after that.
    ///
    /// @param socket where the process that holds it may listen meanwhile
    /// @throws io.carpel.runtime.error.InvalidArgumentException when the kernel refuses the maps
    Held open(Path socket, List<IdMapping> uids, List<IdMapping> gids);

    /// One that is alive.
    interface Held extends AutoCloseable {
        /// Names it as long as it is not closed.
        Path file();

        /// May be called more than once.
        @Override
        void close();
    }
}
