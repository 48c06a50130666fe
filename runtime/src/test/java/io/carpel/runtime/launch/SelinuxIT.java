package io.carpel.runtime.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.security.SelinuxPolicy;
import io.carpel.runtime.spec.MountSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Labels as the kernel shows them. Needs root, and a host with SELinux.
class SelinuxIT {
    private static final String PROCESS = "system_u:system_r:container_t:s0:c7,c9";
    private static final String FILES = "system_u:object_r:container_file_t:s0:c7,c9";

    @RegisterExtension final ShimExtension shims = new ShimExtension();
    private TestContainer container;

    @BeforeEach
    void make() throws Exception {
        assumeTrue(SelinuxPolicy.host().enabled(), "the host does not run SELinux");
        container = shims.container();
        container.label = Optional.of(new ExecLabel(ExecLabel.Module.SELINUX, PROCESS));
        container.fileLabel = Optional.of(FILES);
    }

    @Test
    void theProcessAndAllOfItsFilesystemsAreLabelled() throws Exception {
        Path layer = Files.createDirectory(shims.directory().resolve("image"));
        Files.writeString(layer.resolve("file"), "of the image");
        container.mounts.add(
                new ResolvedMount(
                        MountSpec.bind("", "/image", true),
                        Path.of("/"),
                        List.of(layer),
                        Optional.empty()));
        container.masked = List.of("/sys/firmware");
        String output =
                shims.output(
                        container,
                        "tr '\\000' '\\n' </proc/self/attr/current; cat /image/file; echo;"
                                + " cat /proc/self/mountinfo");
        List<String> lines = output.lines().toList();
        assertThat(lines.getFirst()).isEqualTo(PROCESS);
        assertThat(lines).contains("of the image");
        for (String target : List.of("/", "/dev", "/dev/pts", "/image", "/sys/firmware")) {
            assertThat(lines)
                    .filteredOn(line -> line.contains(" / " + target + " "))
                    .as(target)
                    .singleElement()
                    .asString()
                    .contains("context=\"" + FILES + "\"");
        }
    }

    @Test
    void aLabelThatThePolicyDoesNotKnowFailsTheStart() {
        container.label = Optional.of(new ExecLabel(ExecLabel.Module.SELINUX, "no_u:no_r:no_t:s0"));
        assertThatThrownBy(() -> shims.launch(container))
                .isInstanceOf(KernelFaultException.class)
                .hasMessageContaining("thread-self/attr/exec");
        container.label = Optional.empty();
        container.fileLabel = Optional.of("no_u:object_r:no_t:s0");
        assertThatThrownBy(() -> shims.launch(container))
                .isInstanceOf(KernelFaultException.class)
                .hasMessageContaining("context=no_u:object_r:no_t:s0");
    }
}
