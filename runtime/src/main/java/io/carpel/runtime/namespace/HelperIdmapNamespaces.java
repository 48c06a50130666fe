package io.carpel.runtime.namespace;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.launch.HelperRoles;
import io.carpel.runtime.launch.HelperRoles.UserHelper;
import io.carpel.runtime.launch.HelperRoles.UserNamespaceContents;
import io.carpel.runtime.lifecycle.Rollback;
import io.carpel.runtime.spec.IdMapping;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/// [IdmapNamespaces] held by helper processes: a thread of this process may not unshare one.
final class HelperIdmapNamespaces implements IdmapNamespaces {
    private final Supplier<HelperRoles> helpers;

    HelperIdmapNamespaces(Supplier<HelperRoles> helpers) {
        this.helpers = helpers;
    }

    @Override
    public Held open(Path socket, List<IdMapping> uids, List<IdMapping> gids) {
        var nothing = new UserNamespaceContents(false, false, Optional.empty());
        try (var undo = new Rollback()) {
            UserHelper helper =
                    undo.add(
                            helpers.get().startUserNamespaceHelper(socket, nothing),
                            UserHelper::close);
            Path process = Path.of("/proc", Integer.toString(helper.pid()));
            UserNamespaces.writeMaps(process, uids, gids);
            undo.commit();
            return new HeldByHelper(helper, process.resolve("ns/user"));
        } catch (IOException e) {
            throw new InvalidArgumentException(
                    "the kernel does not take the id maps %s and %s"
                            .formatted(line(uids), line(gids)),
                    e);
        }
    }

    private static final class HeldByHelper implements Held {
        private final UserHelper helper;
        private final Path file;
        private final AtomicBoolean closed = new AtomicBoolean();

        HeldByHelper(UserHelper helper, Path file) {
            this.helper = helper;
            this.file = file;
        }

        @Override
        public Path file() {
            return file;
        }

        @Override
        public void close() {
            if (!closed.getAndSet(true)) {
                helper.close();
            }
        }
    }

    private static String line(List<IdMapping> map) {
        return UserNamespaces.text(map).strip().replace("\n", ", ");
    }
}
