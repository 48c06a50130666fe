package io.carpel.runtime.sandbox;

import io.carpel.runtime.spec.RemapSpec;
import io.carpel.runtime.spec.SandboxSpec;
import io.carpel.runtime.spec.SelinuxSpec;
import java.util.Optional;

/// A sandbox's specification in the making: a test changes what it is about, and the rest is as in
/// the one it began with.
public final class SandboxSpecDraft {
    private final SandboxSpec base;
    private String hostname;
    private boolean privileged;
    private String handler;
    private Optional<RemapSpec> remap;
    private Optional<SelinuxSpec> selinux;

    public SandboxSpecDraft(SandboxSpec base) {
        this.base = base;
        this.hostname = base.hostname();
        this.privileged = base.privileged();
        this.handler = base.handler();
        this.remap = base.remap();
        this.selinux = base.selinux();
    }

    public SandboxSpecDraft hostname(String name) {
        hostname = name;
        return this;
    }

    public SandboxSpecDraft privileged() {
        privileged = true;
        return this;
    }

    /// Asks for a handler that gives it ids of the runtime's choice.
    public SandboxSpecDraft remapped(String handlerName, RemapSpec ids) {
        handler = handlerName;
        remap = Optional.of(ids);
        return this;
    }

    public SandboxSpecDraft selinux(SelinuxSpec parts) {
        selinux = Optional.of(parts);
        return this;
    }

    public SandboxSpec spec() {
        return new SandboxSpec(
                base.id(),
                base.name(),
                hostname,
                base.namespaces(),
                base.dns(),
                base.ports(),
                base.bandwidth(),
                base.cgroupParent(),
                base.sysctls(),
                base.logDirectory(),
                privileged,
                handler,
                base.shmSize(),
                remap,
                selinux,
                base.networkArgs(),
                base.payload());
    }
}
