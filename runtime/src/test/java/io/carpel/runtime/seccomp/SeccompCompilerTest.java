package io.carpel.runtime.seccomp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.linux.LinuxSeccompCalls;
import io.carpel.runtime.linux.SeccompCalls;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Programs compiled by the real libseccomp and run by a small machine.
class SeccompCompilerTest {
    private static final int ALLOW = SeccompCalls.ACT_ALLOW;
    private static final int EPERM = SeccompCalls.ACT_ERRNO | 1;
    private static final int ENOSYS = SeccompCalls.ACT_ERRNO | 38;

    // asm/unistd_64.h
    private static final int READ = 0;
    private static final int SOCKET = 41;
    private static final int CLONE = 56;
    private static final int PERSONALITY = 135;
    private static final int MOUNT = 165;
    private static final int SETHOSTNAME = 170;
    private static final int ADD_KEY = 248;
    private static final int UNSHARE = 272;
    private static final int IO_URING_SETUP = 425;
    private static final int CLONE3 = 435;
    private static final int FCHMODAT2 = 452;
    private static final int OPEN_TREE_ATTR = 467;

    private final SeccompCompiler compiler =
            new SeccompCompiler(new LinuxSeccompCalls(), "6.1.0-44-amd64");

    @BeforeEach
    void onlyOnAmd64() {
        assumeTrue(HostArchitecture.goName().equals("amd64"), "call numbers are those of amd64");
    }

    private BpfMachine compile(SeccompProfile profile, String... capabilities) {
        return new BpfMachine(compiler.compile(profile, Set.of(capabilities)));
    }

    private static int run(BpfMachine machine, int call, long... arguments) {
        long[] six = new long[6];
        System.arraycopy(arguments, 0, six, 0, arguments.length);
        return machine.run(BpfMachine.AUDIT_ARCH_X86_64, call, six);
    }

    private static SeccompProfile parse(String json) {
        return SeccompProfile.parse(json.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void defaultAllowsOrdinaryCallsAndRefusesDangerousOnes() {
        BpfMachine machine = compile(SeccompProfile.runtimeDefault());
        assertThat(run(machine, READ)).isEqualTo(ALLOW);
        assertThat(run(machine, FCHMODAT2)).isEqualTo(ALLOW);
        assertThat(run(machine, SOCKET, 2)).isEqualTo(ALLOW);
        assertThat(run(machine, SOCKET, 40)).isEqualTo(EPERM);
        assertThat(run(machine, PERSONALITY, 0xffffffffL)).isEqualTo(ALLOW);
        assertThat(run(machine, PERSONALITY, 0x0400000)).isEqualTo(EPERM);
        for (int call : new int[] {MOUNT, SETHOSTNAME, ADD_KEY, UNSHARE, IO_URING_SETUP}) {
            assertThat(run(machine, call)).as("call %d", call).isEqualTo(EPERM);
        }
        assertThat(run(machine, OPEN_TREE_ATTR)).isEqualTo(EPERM);
    }

    @Test
    void namespacesNeedTheCapability() {
        BpfMachine without = compile(SeccompProfile.runtimeDefault());
        assertThat(run(without, CLONE, 0x003d0f00)).isEqualTo(ALLOW);
        for (long flag :
                new long[] {
                    0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
                }) {
            assertThat(run(without, CLONE, flag | 17)).as("flag %x", flag).isEqualTo(EPERM);
        }
        assertThat(run(without, CLONE3)).isEqualTo(ENOSYS);
        BpfMachine with = compile(SeccompProfile.runtimeDefault(), "CAP_SYS_ADMIN");
        assertThat(run(with, CLONE, 0x10000000)).isEqualTo(ALLOW);
        assertThat(run(with, CLONE3)).isEqualTo(ALLOW);
        assertThat(run(with, UNSHARE)).isEqualTo(ALLOW);
        assertThat(run(with, ADD_KEY)).isEqualTo(EPERM);
    }

    @Test
    void theFutureAnswersEnosys() {
        BpfMachine machine = compile(SeccompProfile.runtimeDefault());
        assertThat(run(machine, SyscallTable.last() + 1)).isEqualTo(ENOSYS);
        assertThat(run(machine, 9999)).isEqualTo(ENOSYS);
        assertThat(run(machine, -1)).isEqualTo(EPERM);
        // 32-bit programs are judged by their own numbers: 1 is exit there, 310 unshare.
        assertThat(machine.run(BpfMachine.AUDIT_ARCH_I386, 1, 0, 0, 0, 0, 0, 0)).isEqualTo(ALLOW);
        assertThat(machine.run(BpfMachine.AUDIT_ARCH_I386, 310, 0, 0, 0, 0, 0, 0)).isEqualTo(EPERM);
        assertThat(machine.length()).isLessThan(4096);
    }

    @Test
    void resultsAreKeptForEachSetOfCapabilitiesThatMatters() {
        AtomicInteger calls = new AtomicInteger();
        SeccompCalls real = new LinuxSeccompCalls();
        SeccompCalls counting =
                (SeccompCalls)
                        Proxy.newProxyInstance(
                                SeccompCalls.class.getClassLoader(),
                                new Class<?>[] {SeccompCalls.class},
                                (_, method, arguments) -> {
                                    calls.incrementAndGet();
                                    return method.invoke(real, arguments);
                                });
        SeccompCompiler counted = new SeccompCompiler(counting, "6.1.0-44-amd64");
        byte[] first = counted.compile(SeccompProfile.runtimeDefault(), Set.of("CAP_CHOWN"));
        int needed = calls.get();
        byte[] second = counted.compile(SeccompProfile.runtimeDefault(), Set.of("CAP_KILL"));
        assertThat(calls).hasValue(needed);
        assertThat(second).isEqualTo(first).isNotSameAs(first);
        assertThat(counted.compile(SeccompProfile.runtimeDefault(), Set.of("CAP_BPF")))
                .isNotEqualTo(first);
        assertThat(calls.get()).isGreaterThan(needed);
    }

    @Test
    void readsWhatPeopleWrite() {
        BpfMachine machine =
                compile(
                        parse(
                                """
                                {"defaultAction": "SCMP_ACT_ALLOW", "defaultErrnoRet": 38,
                                 "archMap": [{"architecture": "SCMP_ARCH_X86_64",
                                              "subArchitectures": ["SCMP_ARCH_X86"]}],
                                 "syscalls": [
                                  {"names": ["mount", "no_such_call"], "action": "SCMP_ACT_ERRNO"},
                                  {"names": ["sethostname"], "action": "SCMP_ACT_ERRNO",
                                   "errnoRet": 1},
                                  {"names": ["unshare"], "action": "SCMP_ACT_KILL_PROCESS",
                                   "args": [{"index": 0, "value": 268435456,
                                             "valueTwo": 268435456, "op": "SCMP_CMP_MASKED_EQ"}]},
                                  {"names": ["socket"], "action": "SCMP_ACT_ERRNO", "errnoRet": 97,
                                   "args": [{"index": 0, "value": 16, "op": "SCMP_CMP_EQ"},
                                            {"index": 0, "value": 17, "op": "SCMP_CMP_EQ"}]},
                                  {"names": ["add_key"], "action": "SCMP_ACT_ERRNO",
                                   "includes": {"minKernel": "6.2"}},
                                  {"names": ["read"], "action": "SCMP_ACT_ERRNO",
                                   "excludes": {"arches": ["amd64"]}}]}
                                """));
        assertThat(run(machine, MOUNT)).isEqualTo(ENOSYS);
        assertThat(run(machine, SETHOSTNAME)).isEqualTo(EPERM);
        assertThat(run(machine, UNSHARE, 0x20000)).isEqualTo(ALLOW);
        assertThat(run(machine, UNSHARE, 0x10020000)).isEqualTo(SeccompCalls.ACT_KILL_PROCESS);
        assertThat(run(machine, SOCKET, 17)).isEqualTo(SeccompCalls.ACT_ERRNO | 97);
        assertThat(run(machine, SOCKET, 16)).isEqualTo(SeccompCalls.ACT_ERRNO | 97);
        assertThat(run(machine, SOCKET, 2)).isEqualTo(ALLOW);
        assertThat(run(machine, ADD_KEY)).isEqualTo(ALLOW);
        assertThat(run(machine, READ)).isEqualTo(ALLOW);
        assertThat(run(machine, 9999)).isEqualTo(ALLOW);
        assertThat(machine.run(BpfMachine.AUDIT_ARCH_I386, 21, 0, 0, 0, 0, 0, 0)).isEqualTo(ENOSYS);
    }

    @Test
    void namesTheFieldThatIsWrong() {
        for (List<String> each :
                List.of(
                        List.of("nonsense", "not JSON"),
                        List.of("[]", "not an object"),
                        List.of("{}", "defaultAction"),
                        List.of("{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}", "SCMP_ACT_NOTIFY"),
                        List.of(
                                "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{}]}",
                                "syscalls[0] has no names"),
                        List.of(
                                "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"x\"]}",
                                "SCMP_ARCH_X86_64"),
                        List.of(
                                "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":"
                                        + "[\"read\"],\"action\":\"SCMP_ACT_KILL\",\"args\":"
                                        + "[{\"index\":6,\"op\":\"SCMP_CMP_EQ\"}]}]}",
                                "syscalls[0].args[0].index"),
                        List.of(
                                "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultErrnoRet\":-1}",
                                "defaultErrnoRet"))) {
            assertThatThrownBy(() -> parse(each.getFirst()))
                    .isInstanceOf(InvalidArgumentException.class)
                    .hasMessageContaining(each.getLast());
        }
    }
}
