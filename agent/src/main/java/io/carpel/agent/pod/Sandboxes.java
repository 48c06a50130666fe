package io.carpel.agent.pod;

import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.sandbox.SandboxChange;
import io.carpel.runtime.sandbox.SandboxManager;
import io.carpel.runtime.spec.Bytes;
import io.carpel.runtime.spec.SandboxSpec;
import io.carpel.runtime.store.Announcer;
import java.util.List;
import java.util.Optional;

/// What pods need of [SandboxManager]; a seam, so that tests need no kernel.
public interface Sandboxes {
    Sandbox run(SandboxSpec spec);

    void stop(String id);

    void remove(String id);

    /// Keeps bytes of ours with the sandbox, in place of those before.
    void note(String id, Bytes bytes);

    /// By id or unique prefix.
    ///
    /// @throws io.carpel.runtime.error.InvalidArgumentException when several begin so
    Optional<Sandbox> find(String idPrefix);

    List<Sandbox> list();

    Announcer<SandboxChange> changes();

    static Sandboxes of(SandboxManager manager) {
        return new Sandboxes() {
            @Override
            public Sandbox run(SandboxSpec spec) {
                return manager.run(spec);
            }

            @Override
            public void stop(String id) {
                manager.stop(id);
            }

            @Override
            public void remove(String id) {
                manager.remove(id);
            }

            @Override
            public void note(String id, Bytes bytes) {
                manager.note(id, bytes);
            }

            @Override
            public Optional<Sandbox> find(String idPrefix) {
                return manager.find(idPrefix);
            }

            @Override
            public List<Sandbox> list() {
                return manager.list();
            }

            @Override
            public Announcer<SandboxChange> changes() {
                return manager.changes();
            }
        };
    }
}
