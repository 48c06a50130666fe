package io.carpel.runtime.image;

import io.carpel.runtime.image.content.Descriptor;
import io.carpel.runtime.image.content.Digest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// What images there are and how they are called, as one immutable value.
final class Catalog {
    private final NavigableMap<String, Entry> byId;

    /// Full names, with a tag or a digest, to image ids.
    private final Map<String, String> byName;

    private Catalog(NavigableMap<String, Entry> byId, Map<String, String> byName) {
        this.byId = byId;
        this.byName = byName;
    }

    /// One image.
    ///
    /// @param removed its names are gone and nobody finds it; kept for those who have leased it
    record Entry(
            String id,
            Descriptor manifest,
            Digest config,
            ConfigReader.Parsed parsed,
            long blobBytes,
            boolean removed) {
        Entry asRemoved() {
            return new Entry(id, manifest, config, parsed, blobBytes, true);
        }
    }

    static Catalog empty() {
        return new Catalog(new TreeMap<>(), Map.of());
    }

    /// With this image, and with these names for it whoever had them before.
    Catalog with(Entry entry, Set<String> names) {
        NavigableMap<String, Entry> ids = new TreeMap<>(byId);
        ids.put(entry.id(), entry);
        Map<String, String> all = new HashMap<>(byName);
        names.forEach(name -> all.put(name, entry.id()));
        return new Catalog(ids, all);
    }

    /// Without any name for this image; out of sight, or gone.
    Catalog without(String id, boolean keepHidden) {
        NavigableMap<String, Entry> ids = new TreeMap<>(byId);
        Entry entry = ids.remove(id);
        if (entry != null && keepHidden) {
            ids.put(id, entry.asRemoved());
        }
        Map<String, String> names = new HashMap<>(byName);
        names.values().removeIf(id::equals);
        return new Catalog(ids, names);
    }

    Optional<Entry> byId(String id) {
        return Optional.ofNullable(byId.get(id));
    }

    Optional<Entry> byName(String name) {
        return Optional.ofNullable(byName.get(name)).flatMap(this::byId);
    }

    /// Images that can be seen and whose id begins so.
    List<Entry> startingWith(String prefix) {
        return byId.tailMap(prefix).values().stream()
                .takeWhile(entry -> entry.id().startsWith(prefix))
                .filter(entry -> !entry.removed())
                .limit(2)
                .toList();
    }

    /// Sorted.
    List<String> names(String id) {
        return byName.entrySet().stream()
                .filter(name -> name.getValue().equals(id))
                .map(Map.Entry::getKey)
                .sorted()
                .toList();
    }

    List<Entry> all() {
        return new ArrayList<>(byId.values());
    }

    Set<Digest> blobs() {
        Set<Digest> out = new HashSet<>();
        for (Entry entry : byId.values()) {
            out.add(entry.manifest().digest());
            out.add(entry.config());
        }
        return out;
    }
}
