package io.carpel.runtime.seccomp;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.error.UnsupportedException;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.SeccompCalls;
import io.carpel.runtime.linux.SeccompCalls.Comparison;
import io.carpel.runtime.linux.SeccompCalls.Filter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/// Compiles profiles to the program for `seccomp(2)`, and keeps the results: compiling takes
/// milliseconds, and nearly all containers of a host share a few profiles.
public final class SeccompCompiler {
    /// Profiles differ by node and not by pod; more than a few means somebody generates them.
    private static final int MAX_CACHED = 64;

    private static final int BINARY_TREE = 2;
    private static final int ENOSYS = 38;
    private static final int X32_BIT = 0x4000_0000;

    // linux/bpf_common.h
    private static final int LOAD_WORD_ABSOLUTE = 0x20;
    private static final int JUMP_GREATER = 0x25;
    private static final int JUMP_GREATER_OR_EQUAL = 0x35;
    private static final int RETURN = 0x06;
    private static final int INSTRUCTION_SIZE = 8;

    /// BPF_MAXINSNS.
    private static final int MAX_INSTRUCTIONS = 4096;

    private record Key(SeccompProfile profile, Set<String> capabilities) {}

    private final SeccompCalls seccomp;
    private final SyscallTable table;
    private final KernelVersion kernel;
    private final Map<Key, byte[]> cache =
            Collections.synchronizedMap(
                    new LinkedHashMap<>(16, 0.75f, true) {
                        private static final long serialVersionUID = 1L;

                        @Override
                        protected boolean removeEldestEntry(Map.Entry<Key, byte[]> eldest) {
                            return size() > MAX_CACHED;
                        }
                    });

    /// @param kernelRelease as `uname -r` says it
    public SeccompCompiler(SeccompCalls seccomp, String kernelRelease) {
        this.seccomp = seccomp;
        this.table = new SyscallTable(seccomp);
        this.kernel = KernelVersion.parse(kernelRelease);
    }

    /// The program for processes with these capabilities in their bounding set.
    ///
    /// @param capabilities with `CAP_`
    /// @return whole `struct sock_filter`; a copy of the caller's own
    /// @throws InvalidArgumentException when the profile cannot be compiled
    public byte[] compile(SeccompProfile profile, Set<String> capabilities) {
        var relevant = new TreeSet<String>();
        for (SeccompRule rule : profile.rules()) {
            relevant.addAll(rule.when().withCapabilities());
            relevant.addAll(rule.when().withoutCapabilities());
        }
        relevant.retainAll(capabilities);
        Key key = new Key(profile, relevant);
        byte[] known = cache.get(key);
        if (known == null) {
            known = compileNow(profile, relevant);
            cache.put(key, known);
        }
        return known.clone();
    }

    private byte[] compileNow(SeccompProfile profile, Set<String> capabilities) {
        List<SeccompRule> rules =
                profile.rules().stream()
                        .filter(rule -> applies(rule.when(), capabilities))
                        .filter(rule -> rule.action() != profile.defaultAction())
                        .toList();
        try (Filter filter = newFilter(profile)) {
            for (SeccompRule rule : rules) {
                add(filter, rule, true);
            }
            mergeOthers(filter, profile, rules);
            return withNewerCalls(profile, filter.export());
        } catch (ErrnoException e) {
            throw new InvalidArgumentException(
                    "could not compile the seccomp profile: %s".formatted(e.getMessage()), e);
        } catch (UnsatisfiedLinkError e) {
            throw new UnsupportedException(
                    "libseccomp.so.2 is not installed: install libseccomp2", e);
        }
    }

    private Filter newFilter(SeccompProfile profile) throws ErrnoException {
        Filter filter = seccomp.filter(profile.defaultAction());
        filter.setAttribute(SeccompCalls.ATTRIBUTE_OPTIMIZE, BINARY_TREE);
        return filter;
    }

    /// The other architectures get a filter of their own, merged afterwards: in a common one
    /// libseccomp refuses every number that it cannot translate.
    private void mergeOthers(Filter filter, SeccompProfile profile, List<SeccompRule> rules)
            throws ErrnoException {
        var tokens = new TreeSet<Integer>();
        for (String name : profile.architectures()) {
            seccomp.architecture(name).ifPresent(tokens::add);
        }
        tokens.remove(seccomp.nativeArchitecture());
        if (tokens.isEmpty()) {
            return;
        }
        try (Filter others = newFilter(profile)) {
            for (int token : tokens) {
                others.addArchitecture(token);
            }
            others.removeArchitecture(seccomp.nativeArchitecture());
            for (SeccompRule rule : rules) {
                add(others, rule, false);
            }
            filter.merge(others);
        }
    }

    private void add(Filter filter, SeccompRule rule, boolean nativeOnly) throws ErrnoException {
        for (String name : rule.names()) {
            OptionalInt number = table.number(name);
            if (number.isEmpty() || (!nativeOnly && !table.inLibrary(name))) {
                continue;
            }
            if (sameArgumentTwice(rule.comparisons())) {
                // libseccomp takes one condition an argument; profiles mean "any of them" then.
                for (Comparison each : rule.comparisons()) {
                    filter.addRule(rule.action(), number.getAsInt(), List.of(each));
                }
            } else {
                filter.addRule(rule.action(), number.getAsInt(), rule.comparisons());
            }
        }
    }

    private static boolean sameArgumentTwice(List<Comparison> comparisons) {
        return comparisons.stream().map(Comparison::index).distinct().count() < comparisons.size();
    }

    private boolean applies(SeccompRule.Condition when, Set<String> capabilities) {
        String host = HostArchitecture.goName();
        var architectures = new ArrayList<>(when.onArchitectures());
        return capabilities.containsAll(when.withCapabilities())
                && Collections.disjoint(capabilities, when.withoutCapabilities())
                && (architectures.isEmpty() || architectures.contains(host))
                && !when.notOnArchitectures().contains(host)
                && (when.minKernel().isEmpty()
                        || kernel.isAtLeast(KernelVersion.parse(when.minKernel())));
    }

    /// Puts a few instructions in front, so that calls newer than this program answer ENOSYS:
    /// callers then fall back, where EPERM would make them give up. Only where the default is to
    /// refuse with an errno.
    private static byte[] withNewerCalls(SeccompProfile profile, byte[] program) {
        boolean refuses = (profile.defaultAction() & 0xffff_0000) == SeccompCalls.ACT_ERRNO;
        if (program.length / INSTRUCTION_SIZE + 4 > MAX_INSTRUCTIONS) {
            throw new KernelFaultException(
                    "seccomp program of %d instructions is longer than the kernel takes"
                            .formatted(program.length / INSTRUCTION_SIZE));
        }
        if (!refuses) {
            return program;
        }
        ByteBuffer code =
                ByteBuffer.allocate(4 * INSTRUCTION_SIZE + program.length)
                        .order(ByteOrder.nativeOrder());
        instruction(code, LOAD_WORD_ABSOLUTE, 0, 0, 0);
        // x32 numbers and the -1 of a tracer are the filter's own business.
        instruction(code, JUMP_GREATER_OR_EQUAL, 2, 0, X32_BIT);
        instruction(code, JUMP_GREATER, 0, 1, SyscallTable.last());
        instruction(code, RETURN, 0, 0, SeccompCalls.ACT_ERRNO | ENOSYS);
        return code.put(program).array();
    }

    private static void instruction(ByteBuffer code, int operation, int yes, int no, int value) {
        code.putShort((short) operation).put((byte) yes).put((byte) no).putInt(value);
    }
}
