package io.carpel.runtime.launch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.CancelledException;
import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.error.ResourceExhaustedException;
import io.carpel.runtime.error.UnavailableException;
import io.carpel.runtime.linux.LinuxMountCalls;
import io.carpel.runtime.linux.MountCalls;
import io.carpel.runtime.security.CapabilitySets;
import io.carpel.runtime.spec.Bytes;
import io.carpel.runtime.spec.MountSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Containers started for real: exit, log, streams, credentials, mounts. Needs root.
class LaunchIT {
    @RegisterExtension final ShimExtension shims = new ShimExtension();

    private TestContainer container;

    @BeforeEach
    void make() throws Exception {
        container = shims.container();
    }

    @Test
    void aProgramRunsAndItsExitCodeAndOutputComeBack() throws Exception {
        container.shell("echo out; echo err >&2; exit 7");
        ExitRecord record = shims.run(container);
        assertThat(record.exitCode()).isEqualTo(7);
        assertThat(record.signal()).isZero();
        assertThat(record.startedAt().orElseThrow()).isBefore(record.finishedAt());
        assertThat(container.output().lines()).containsExactlyInAnyOrder("out", "err");
        assertThat(container.socket()).doesNotExist();
    }

    @Test
    void aMissingBinaryIsAnErrorOfStartWithItsName() throws Exception {
        container.argv = List.of("no-such-program");
        ShimConnection shim = shims.launch(container);
        assertThatThrownBy(shim::start)
                .isInstanceOf(KernelFaultException.class)
                .hasMessageContaining("execve no-such-program: ENOENT");
        assertThat(shim.awaitExit(ShimExtension.LIMIT).orElseThrow().exitCode()).isEqualTo(128);
    }

    @Test
    void nothingRunsBeforeTheStartAndASecondOneIsRefused() throws Exception {
        container.shell("echo ran; sleep 1000");
        ShimConnection shim = shims.launch(container);
        assertThat(shim.status().startedAt()).isEmpty();
        assertThat(container.output()).isEmpty();
        assertThat(shim.start().startedAt()).isPresent();
        assertThatThrownBy(shim::start).isInstanceOf(FailedPreconditionException.class);
        assertThat(shim.kill(ShimExtension.LIMIT).orElseThrow().exitCode()).isEqualTo(137);
    }

    @Test
    void aContainerThatNeverStartedCanBeKilled() throws Exception {
        ShimConnection shim = shims.launch(container);
        ExitRecord record = shim.kill(ShimExtension.LIMIT).orElseThrow();
        assertThat(record.startedAt()).isEmpty();
        assertThat(record.signal()).isEqualTo(9);
    }

    @Test
    void aFailedLaunchLeavesNothing() throws Exception {
        container.mounts.add(ResolvedMount.bind(MountSpec.bind("/no/such/source", "/x", false)));
        assertThatThrownBy(() -> shims.launch(container))
                .isInstanceOf(KernelFaultException.class)
                .hasMessageContaining("open_tree /no/such/source: ENOENT");
        assertThat(container.socket()).doesNotExist();
        assertThat(container.exitRecord()).doesNotExist();
    }

    @Test
    void anInterruptedLaunchLeavesNoShim() throws Exception {
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> shims.launch(container)).isInstanceOf(CancelledException.class);
        assertThat(Thread.interrupted()).isTrue();
        ShimExtension.await(() -> Files.notExists(container.socket()));
    }

    @Test
    void aShimThatCannotBeginLeavesNoSocket() throws Exception {
        Path noGroup = Files.createDirectory(container.directory.resolve("no-group"));
        for (Path group : List.of(noGroup, noGroup.resolve("absent"))) {
            container.shimCgroup = new CgroupPlacement(List.of(), Optional.of(group));
            assertThatThrownBy(() -> shims.launch(container))
                    .isInstanceOf(KernelFaultException.class);
            assertThat(container.socket()).doesNotExist();
        }
    }

    @Test
    void anotherLauncherFindsItAgain() throws Exception {
        container.shell("sleep 1000");
        ShimConnection first = shims.start(container);
        var exits = new CompletableFuture<Optional<ExitRecord>>();
        try (var later = ShimLauncher.open()) {
            ShimConnection second =
                    later.connect("again", container.socket(), container.exitRecord());
            assertThat(second.pid()).isEqualTo(first.pid());
            second.onExit(exits::complete);
            second.signal(15);
            second.signal(9);
        }
        ExitRecord record = exits.get(20, TimeUnit.SECONDS).orElseThrow();
        assertThat(record.signal()).isEqualTo(9);
        assertThat(first.exited()).contains(record);
        assertThatThrownBy(() -> first.signal(9)).isInstanceOf(UnavailableException.class);
    }

    @Test
    void rotationLosesNothing() throws Exception {
        container.shell("for i in $(seq 1 20000); do echo line $i; done");
        ShimConnection shim = shims.start(container);
        Path rotated = container.directory.resolve("log.1");
        Files.move(container.logFile(), rotated);
        shim.reopenLog();
        shim.awaitExit(ShimExtension.LIMIT);
        String all = Files.readString(rotated) + Files.readString(container.logFile());
        var lines = all.lines().map(line -> line.split(" ", 4)[3]).toList();
        assertThat(lines).hasSize(20_000).first().isEqualTo("line 1");
        assertThat(lines).last().isEqualTo("line 20000");
        assertThat(Files.getPosixFilePermissions(container.logFile())).hasSize(3);
    }

    @Test
    void aTerminalHasAConsoleAndASize() throws Exception {
        container.streams = new ResolvedProcess.Streams(true, true, false);
        container.shell("tty; ls -l /dev/console; read x; stty size; echo got $x >&2");
        ShimConnection shim = shims.start(container);
        shim.resize(24, 99);
        try (var attached = shim.attach(true)) {
            attached.write(ByteBuffer.wrap("word\n".getBytes(UTF_8)));
            assertThat(shim.awaitExit(ShimExtension.LIMIT).orElseThrow().exitCode()).isZero();
        }
        assertThat(container.output())
                .contains("/dev/pts/0")
                .contains("136,")
                .contains("24 99")
                .contains("got word");
    }

    @Test
    void attachedClientsSeeLiveOutputAndFeedInput() throws Exception {
        container.streams = new ResolvedProcess.Streams(false, true, true);
        container.shell("while read line; do echo got $line; done; echo end");
        ShimConnection shim = shims.start(container);
        var outputs = new ExecOutputs();
        Thread reader;
        try (var session = shim.attach(true)) {
            reader = Thread.startVirtualThread(() -> session.await(outputs));
            session.write(ByteBuffer.wrap("one\n".getBytes(UTF_8)));
            outputs.awaitOut("got one\n");
        }
        reader.join();
        // stdin_once: the first client's leaving is the end of input
        assertThat(shim.awaitExit(ShimExtension.LIMIT).orElseThrow().exitCode()).isZero();
        assertThat(container.output()).isEqualTo("got one\nend");
    }

    @Test
    void theEndOfAClientsInputIsNotThatOfTheContainersUnlessThereIsOneClient() throws Exception {
        container.streams = new ResolvedProcess.Streams(false, true, false);
        container.shell("while read line; do echo got $line; done; echo end");
        ShimConnection shim = shims.start(container);
        for (String word : List.of("one", "two")) {
            var outputs = new ExecOutputs();
            try (var session = shim.attach(true)) {
                Thread.startVirtualThread(() -> session.await(outputs));
                session.write(ByteBuffer.wrap((word + "\n").getBytes(UTF_8)));
                session.closeStdin();
                outputs.awaitOut("got " + word + "\n");
            }
        }
        shim.closeStdin();
        assertThat(shim.awaitExit(ShimExtension.LIMIT).orElseThrow().exitCode()).isZero();
        assertThat(container.output()).isEqualTo("got one\ngot two\nend");
    }

    @Test
    void aSlowAttachedClientHoldsUpNothing() throws Exception {
        container.streams = new ResolvedProcess.Streams(false, true, false);
        container.shell("read x; seq 1 500000");
        ShimConnection shim = shims.start(container);
        try (var slow = shim.attach(true)) {
            slow.write(ByteBuffer.wrap("go\n".getBytes(UTF_8)));
            assertThat(shim.awaitExit(ShimExtension.LIMIT).orElseThrow().exitCode()).isZero();
        }
        assertThat(container.output()).endsWith("500000");
    }

    @Test
    void aClientThatLeavesUnreadInputBehindIsForgotten() throws Exception {
        container.streams = new ResolvedProcess.Streams(false, true, false);
        ShimConnection shim = shims.start(container.shell("sleep 1000"));
        Path descriptors = Path.of("/proc/" + shim.status().shimPid() + "/fd");
        long before = count(descriptors);
        for (int i = 0; i < 3; i++) {
            try (var session = shim.attach(true)) {
                // More than a pipe and the shim hold, less than the socket does on top of them.
                session.write(ByteBuffer.allocate(150_000));
            }
        }
        // The connection that asked for the status may have been counted before it was closed.
        ShimExtension.await(() -> count(descriptors) <= before);
    }

    private static long count(Path directory) throws Exception {
        try (var entries = Files.list(directory)) {
            return entries.count();
        }
    }

    @Test
    void attachedClientsLeaveRoomForCallsHoweverMany() throws Exception {
        ShimConnection shim = shims.start(container.shell("sleep 1000"));
        List<AttachSession> attached = new ArrayList<>();
        try {
            assertThatThrownBy(
                            () -> {
                                for (int i = 0; i < 64; i++) {
                                    attached.add(shim.attach(false));
                                }
                            })
                    .isInstanceOf(ResourceExhaustedException.class)
                    .hasMessageContaining("too many clients are attached");
            assertThat(attached).hasSize(32);
            try (var calls = Executors.newVirtualThreadPerTaskExecutor()) {
                List<Future<ShimStatus>> answers = new ArrayList<>();
                for (int i = 0; i < 300; i++) {
                    answers.add(calls.submit(() -> shim.status()));
                }
                for (Future<ShimStatus> answer : answers) {
                    assertThat(answer.get().pid()).isEqualTo(shim.pid());
                }
            }
        } finally {
            attached.forEach(AttachSession::close);
        }
    }

    @Test
    void attachedClientsGetABurstWhole() throws Exception {
        container.streams = new ResolvedProcess.Streams(false, true, true);
        container.shell("read x; seq 1 100000");
        ShimConnection shim = shims.start(container);
        var outputs = new ExecOutputs();
        try (var session = shim.attach(true)) {
            session.write(ByteBuffer.wrap("go\n".getBytes(UTF_8)));
            // It reads only when all has been written.
            shim.awaitExit(ShimExtension.LIMIT);
            session.await(outputs);
        }
        assertThat(outputs.out()).hasSize(588_895).endsWith("\n100000\n");
    }

    @Test
    void aFullDiskDropsWholeRecordsAndCountsThem() throws Exception {
        Path small = Files.createDirectory(container.directory.resolve("small"));
        MountCalls mounts = new LinuxMountCalls();
        mounts.mount("none", small, "tmpfs", 0, "size=256k");
        try {
            container.logDirectory = Optional.of(small);
            container.shell("seq 1 100000; read x; echo more");
            container.streams = new ResolvedProcess.Streams(false, true, true);
            ShimConnection shim = shims.start(container);
            try (var session = shim.attach(true)) {
                ShimExtension.await(() -> shim.status().droppedLogBytes() > 4_000_000);
                assertThat(Files.readString(container.logFile())).endsWith("\n");
                assertThat(container.output().lines().map(Integer::valueOf)).isSorted();
                Files.move(container.logFile(), container.directory.resolve("rotated"));
                shim.reopenLog();
                session.write(ByteBuffer.wrap("go\n".getBytes(UTF_8)));
                ExitRecord record = shim.awaitExit(ShimExtension.LIMIT).orElseThrow();
                assertThat(record.exitCode()).isZero();
                assertThat(record.droppedLogBytes()).isGreaterThan(4_000_000);
            }
            assertThat(Files.readString(container.logFile())).endsWith(" stdout F more\n");
        } finally {
            // The shim that has written its exit record may not have closed the log yet.
            mounts.unmount(small, MountCalls.MNT_DETACH);
        }
    }

    @Test
    void onlyTheStandardStreamsAreOpenAndSignalsAreDefault() throws Exception {
        assertThat(
                        shims.output(
                                container,
                                "ls /proc/self/fd; grep Sig[BI] /proc/self/status; ps | head -3"))
                .startsWith("0\n1\n2\n3\n")
                .contains("SigBlk:\t0000000000000000")
                .contains("SigIgn:\t0000000000000000");
    }

    @Test
    void userGroupsAndCapabilitiesAreExactlyThose() throws Exception {
        container.uid = 1000;
        container.gid = 2000;
        container.groups = List.of(3000L, 4000L);
        container.noNewPrivileges = true;
        container.capabilities = new CapabilitySets(0x400, 0x400, 0x400, 0x400, 0x400);
        String status =
                shims.output(
                        container,
                        "grep -E 'Uid|Gid|Groups|Cap|NoNew' /proc/self/status; echo x >/dev/stdout");
        assertThat(status)
                .contains("Uid:\t1000\t1000\t1000\t1000")
                .contains("Gid:\t2000\t2000\t2000\t2000")
                .contains("Groups:\t3000 4000")
                .contains("CapInh:\t0000000000000400")
                .contains("CapEff:\t0000000000000400")
                .contains("CapBnd:\t0000000000000400")
                .contains("CapAmb:\t0000000000000400")
                .contains("NoNewPrivs:\t1")
                .endsWith("x");
    }

    /// A filter that lets everything pass but sethostname, with EPERM.
    private static Bytes denySethostname() {
        int number = System.getProperty("os.arch").equals("amd64") ? 170 : 161;
        var out = ByteBuffer.allocate(32).order(ByteOrder.nativeOrder());
        out.putShort((short) 0x20).put((byte) 0).put((byte) 0).putInt(0); // load the number
        out.putShort((short) 0x15).put((byte) 0).put((byte) 1).putInt(number); // equal?
        out.putShort((short) 0x06).put((byte) 0).put((byte) 0).putInt(0x0005_0001);
        out.putShort((short) 0x06).put((byte) 0).put((byte) 0).putInt(0x7fff_0000);
        return Bytes.copyOf(out.array());
    }

    @Test
    void aSeccompFilterHoldsWithoutNoNewPrivileges() throws Exception {
        container.seccomp = denySethostname();
        String output =
                shims.output(
                        container,
                        "grep -E 'Seccomp:|CapEff|NoNew' /proc/self/status; hostname x 2>&1 || true");
        assertThat(output)
                .contains("Seccomp:\t2")
                .contains("NoNewPrivs:\t0")
                .contains("CapEff:\t00000000a80425fb")
                .contains("Operation not permitted");
    }

    @Test
    void mountsDevicesMasksAndReadonlyPaths() throws Exception {
        Path volume = Files.createDirectory(container.directory.resolve("volume"));
        Files.writeString(volume.resolve("file"), "hello");
        Path single = Files.writeString(container.directory.resolve("single"), "one");
        container.mounts.add(ResolvedMount.bind(MountSpec.bind(volume.toString(), "/a/b/c", true)));
        container.mounts.add(
                ResolvedMount.bind(MountSpec.bind(single.toString(), "/a/b/file", false)));
        container.devices =
                List.of(ContainerLaunch.Device.likeHost(Path.of("/dev/full"), "/dev/other/full"));
        container.readonlyRoot = true;
        container.masked = List.of("/proc/kcore", "/proc/acpi", "/sys/firmware", "/etc/passwd");
        String output =
                shims.output(
                        container,
                        """
                        cat /a/b/c/file /a/b/file; echo; echo more >> /a/b/file
                        touch /a/b/c/x 2>&1; touch /x 2>&1; echo 1 2>&1 > /proc/sys/kernel/hostname
                        ls -l /dev/other/full /dev/null; ls /dev; cat /etc/passwd; ls /sys/firmware
                        mount | grep -E ' on /(proc|dev|dev/pts|sys|sys/firmware) '; ls /dev/shm /dev/mqueue; echo end
                        """);
        assertThat(output)
                .startsWith("helloone\n")
                .contains("/a/b/c/x: Read-only file system")
                .contains("/x: Read-only file system")
                .contains("/proc/sys/kernel/hostname: Read-only file system")
                .containsPattern("1, +7 .*/dev/other/full")
                .contains("proc on /proc type proc", "tmpfs on /dev type tmpfs")
                .contains("devpts on /dev/pts type devpts", "sysfs on /sys type sysfs")
                .contains("tmpfs on /sys/firmware type tmpfs")
                .doesNotContain("root:x")
                .endsWith("end");
        assertThat(Files.readString(single)).isEqualTo("onemore\n");
    }

    @Test
    void aLongDirectoryNameIsNoHindrance() throws Exception {
        Path deep = shims.directory().resolve("d".repeat(120));
        container = new TestContainer(Files.createDirectory(deep));
        assertThat(shims.run(container).exitCode()).isZero();
    }

    @Test
    void theHostsMountTableDoesNotGrow() throws Exception {
        container.shell("sleep 1000");
        shims.start(container);
        // All that a container mounts names its directory: as overlay, upper or source.
        assertThat(Files.readString(Path.of("/proc/self/mountinfo")))
                .doesNotContain(container.directory.toString());
    }

    @Test
    void theWorkingDirectoryIsMadeAndInside() throws Exception {
        container.workingDir = "/made/for/this";
        assertThat(shims.output(container, "pwd; pwd -P"))
                .isEqualTo("/made/for/this\n/made/for/this");
    }
}
