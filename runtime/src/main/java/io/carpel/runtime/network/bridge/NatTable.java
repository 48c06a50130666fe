package io.carpel.runtime.network.bridge;

import io.carpel.runtime.linux.NftablesCalls;
import io.carpel.runtime.linux.NftablesException;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/// Masquerade and host ports of all sandboxes, in one nftables table that exists exactly while
/// there are sandboxes.
///
/// Somebody may flush the host's rules at any time. The next change notices that its table is gone
/// and writes it anew with everything that belongs in it.
final class NatTable {
    private final NftablesCalls nftables;
    private final NatScript script;
    private final ForwardRules forward;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<String, NatEntry> entries = new HashMap<>();

    NatTable(NftablesCalls nftables, NatScript script, ForwardRules forward) {
        this.nftables = nftables;
        this.script = script;
        this.forward = forward;
    }

    /// Takes over what the table should hold from an earlier life, without touching it.
    void restore(Map<String, NatEntry> earlier) {
        lock.lock();
        try {
            entries.putAll(earlier);
        } finally {
            lock.unlock();
        }
    }

    /// Makes the table hold exactly these sandboxes, whatever it was before.
    void reset(Map<String, NatEntry> wanted) throws IOException {
        lock.lock();
        try {
            entries.clear();
            entries.putAll(wanted);
            writeAll();
        } finally {
            lock.unlock();
        }
    }

    void add(String sandboxId, NatEntry entry) throws IOException {
        lock.lock();
        try {
            boolean first = entries.isEmpty();
            entries.put(sandboxId, entry);
            if (first) {
                writeAll();
                return;
            }
            try {
                nftables.run(script.add(entry));
            } catch (NftablesException _) {
                // Flushed by somebody, or an element that should not be there: the whole table is
                // written as it should be. If the entry itself is refused, so is this.
                writeAll();
            }
        } catch (IOException e) {
            entries.remove(sandboxId);
            throw e;
        } finally {
            lock.unlock();
        }
    }

    /// Removes a sandbox; unknown ones are no error.
    void remove(String sandboxId) throws IOException {
        lock.lock();
        try {
            NatEntry entry = entries.get(sandboxId);
            if (entry == null) {
                return;
            }
            if (entries.size() > 1) {
                removeOne(sandboxId, entry);
                return;
            }
            entries.remove(sandboxId);
            try {
                writeAll();
            } catch (IOException e) {
                entries.put(sandboxId, entry);
                throw e;
            }
        } finally {
            lock.unlock();
        }
    }

    private void removeOne(String sandboxId, NatEntry entry) throws IOException {
        try {
            nftables.run(script.remove(entry));
            entries.remove(sandboxId);
        } catch (NftablesException _) {
            entries.remove(sandboxId);
            try {
                writeAll();
            } catch (IOException e) {
                entries.put(sandboxId, entry);
                throw e;
            }
        }
    }

    private void writeAll() throws IOException {
        if (entries.isEmpty()) {
            nftables.run(script.dropTable());
            forward.remove();
        } else {
            nftables.run(script.replaceTable(entries.values()));
            forward.install();
        }
    }
}
