package io.carpel.runtime.security;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/// A policy that knows some types.
public final class FakeSelinuxPolicy implements SelinuxPolicy {
    public boolean enabled = true;
    public boolean enforcing = true;
    public boolean levels = true;
    public int categories = 1024;
    public ContainerContexts contexts = ContainerContexts.USUAL;

    public final Set<String> types =
            new HashSet<>(List.of("container_t", "container_file_t", "spc_t", "web_t"));

    final List<String> asked = new ArrayList<>();

    /// Labels by this policy, the same ones at each run of a test.
    public SelinuxLabel label() {
        return new SelinuxLabel(this, true, new Random(1));
    }

    @Override
    public boolean enabled() {
        return enabled;
    }

    @Override
    public boolean enforcing() {
        return enforcing;
    }

    @Override
    public boolean hasLevels() {
        return levels;
    }

    @Override
    public int categories() {
        return categories;
    }

    @Override
    public ContainerContexts contexts() {
        return contexts;
    }

    @Override
    public boolean knows(SelinuxContext context) {
        asked.add(context.toString());
        boolean level =
                levels ? context.level().matches("s0(-s0)?(:.*)?") : context.level().isEmpty();
        return types.contains(context.type()) && level;
    }
}
