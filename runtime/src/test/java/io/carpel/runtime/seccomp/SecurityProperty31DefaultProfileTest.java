package io.carpel.runtime.seccomp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.carpel.runtime.linux.LinuxSeccompCalls;
import io.carpel.runtime.linux.SeccompCalls;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What the default profile keeps from a container without further capabilities: calls through
/// which faults of the kernel were reached, and no ordinary program needs.
final class SecurityProperty31DefaultProfileTest {
    private static final int ENOSYS = 38;
    private static final int ANY = 17;

    private final LinuxSeccompCalls library = new LinuxSeccompCalls();
    private final SyscallTable table = new SyscallTable(library);
    private final BpfMachine filter =
            new BpfMachine(
                    new SeccompCompiler(library, "6.12.0")
                            .compile(SeccompProfile.runtimeDefault(), Set.of("CAP_CHOWN")));

    @BeforeEach
    void onlyOnAmd64() {
        assumeTrue(HostArchitecture.goName().equals("amd64"), "the machine runs amd64's filters");
    }

    private int answer(String call, long first) {
        int number = table.number(call).orElseThrow(() -> new AssertionError("no call " + call));
        return filter.run(BpfMachine.AUDIT_ARCH_X86_64, number, first, 0, 0, 0, 0, 0);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // Namespaces and mounts: the legacy options of fsconfig among them.
                "unshare",
                "setns",
                "mount",
                "umount2",
                "pivot_root",
                "fsopen",
                "fsconfig",
                "fsmount",
                "fspick",
                "open_tree",
                "move_mount",
                "mount_setattr",
                // Machinery with a history: eBPF, performance events, rings, faults, keys.
                "bpf",
                "perf_event_open",
                "userfaultfd",
                "io_uring_setup",
                "io_uring_enter",
                "io_uring_register",
                "add_key",
                "request_key",
                "keyctl",
                // The host itself.
                "init_module",
                "finit_module",
                "delete_module",
                "kexec_load",
                "kexec_file_load",
                "open_by_handle_at",
                "reboot",
                "swapon",
                "swapoff",
                "acct",
                "quotactl",
                "settimeofday",
                "clock_settime",
                "syslog",
                "vhangup",
                "iopl",
                "ioperm"
            })
    void dangerousCallsAreRefused(String call) {
        assertThat(answer(call, ANY)).isEqualTo(SeccompCalls.ACT_ERRNO | 1);
    }

    @Test
    void noCloneMakesAUserNamespace() {
        long newUser = 0x10000000;
        assertThat(answer("clone", newUser | ANY)).isEqualTo(SeccompCalls.ACT_ERRNO | 1);
        // Its flags lie in memory that a filter cannot read: libraries fall back to clone.
        assertThat(answer("clone3", 0)).isEqualTo(SeccompCalls.ACT_ERRNO | ENOSYS);
        assertThat(answer("clone", ANY)).isEqualTo(SeccompCalls.ACT_ALLOW);
    }
}
