package io.carpel.runtime.kernel;

import static io.carpel.runtime.kernel.RuntimeUnderTest.proc;
import static io.carpel.runtime.kernel.RuntimeUnderTest.statusField;
import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.container.Container;
import io.carpel.runtime.image.Cancellation;
import io.carpel.runtime.image.PullProgress;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.spec.NamespaceSpec;
import io.carpel.runtime.spec.PidMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/// An image that poses as a checkpoint, with another container's privileges in it, is an image like
/// any other: what runs has what the pod asked for.
@Timeout(60)
final class SecurityProperty25NothingIsRestoredIT {
    @RegisterExtension static final RuntimeExtension HOST = new RuntimeExtension("itckp");

    private final RuntimeUnderTest under = HOST.under();

    @Test
    void aCheckpointsPrivilegesAreNobodys() throws Exception {
        Path layout = Files.createDirectory(under.directory.resolve("checkpoint"));
        TestImageLayout.writeCheckpoint(layout);
        under.runtime.archives().importFrom(layout, PullProgress.NONE, new Cancellation());
        Sandbox pod =
                under.run(new NamespaceSpec(true, false, PidMode.CONTAINER, Optional.empty()));
        Container plain = under.start(pod, "sleep", "600");
        Container posing =
                under.start(
                        under.containerSpec(
                                pod, TestImageLayout.CHECKPOINT, List.of("sleep", "600")));
        assertThat(under.sh(posing, "cat /spec.dump")).contains("CAP_SYS_ADMIN");
        assertThat(privileges(posing)).isEqualTo(privileges(plain));
    }

    private static List<String> privileges(Container container) throws IOException {
        int pid = container.pid().orElseThrow();
        Stream<String> credentials =
                Stream.of("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
                        .map(field -> field(pid, field));
        Stream<String> rules = Stream.of("NoNewPrivs", "Seccomp").map(field -> field(pid, field));
        Stream<String> mounts =
                proc(pid, "mountinfo")
                        .lines()
                        .map(line -> line.split(" ", 7))
                        .map(fields -> fields[4] + " " + fields[5]);
        return Stream.of(credentials, rules, mounts).flatMap(all -> all).toList();
    }

    private static String field(int pid, String name) {
        try {
            return name + " " + statusField(pid, name);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
