package io.carpel.runtime.security;

import io.carpel.runtime.error.ResourceExhaustedException;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/// Gives each pod a pair of categories that no other one has, so that the policy keeps them apart
/// although their type is the same.
///
/// What is given out is written down by whoever holds it, not here; after a restart each holder
/// claims what it has. Thread-safe.
final class SelinuxLevels {
    private static final int TRIES = 256;

    private final RandomGenerator random;

    // Guarded by this.
    private final Map<String, BitSet> held = new HashMap<>();

    SelinuxLevels(RandomGenerator random) {
        this.random = random;
    }

    /// Takes a pair at random: one that was just given back, whose files may lie around, hardly
    /// ever comes again soon.
    ///
    /// @param owner holds it until [#release]
    /// @param categories how many there are to choose from
    /// @throws ResourceExhaustedException when all pairs are held
    synchronized String take(String owner, int categories) {
        Collection<BitSet> others = held.values();
        Optional<SelinuxLevel> found = Optional.empty();
        for (int i = 0; i < TRIES && found.isEmpty(); i++) {
            int one = random.nextInt(categories);
            int other = random.nextInt(categories);
            // One that lies within what somebody has chosen for himself could be reached by him.
            found =
                    Optional.of(SelinuxLevel.pair(one, other))
                            .filter(pair -> pair.categories().cardinality() == 2)
                            .filter(pair -> others.stream().noneMatch(o -> within(pair, o)));
        }
        SelinuxLevel chosen = found.orElseGet(() -> firstFree(categories));
        held.put(owner, chosen.categories());
        return chosen.text();
    }

    private static boolean within(SelinuxLevel pair, BitSet other) {
        return pair.categories().stream().allMatch(other::get);
    }

    // Called with the lock held.
    private SelinuxLevel firstFree(int categories) {
        for (int one = 0; one < categories; one++) {
            for (int other = one + 1; other < categories; other++) {
                SelinuxLevel pair = SelinuxLevel.pair(one, other);
                if (!held.containsValue(pair.categories())) {
                    return pair;
                }
            }
        }
        throw new ResourceExhaustedException(
                "every pair of the %d selinux categories is held by one of %d pods and containers"
                        .formatted(categories, held.size()));
    }

    /// Remembers a level that somebody else has chosen, or that was taken before a restart.
    synchronized void claim(String owner, SelinuxLevel level) {
        held.put(owner, level.categories());
    }

    /// Frees what the owner holds, if anything.
    synchronized void release(String owner) {
        held.remove(owner);
    }
}
