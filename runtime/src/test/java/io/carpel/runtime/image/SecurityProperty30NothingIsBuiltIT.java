package io.carpel.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/// An image that brings steps of a build, health checks and shells is files and defaults, nothing
/// more: pulling it runs no program.
@Timeout(120)
final class SecurityProperty30NothingIsBuiltIT {
    @RegisterExtension final RegistryExtension registry = new RegistryExtension();

    @Test
    void pullingRunsNoProgram() throws Exception {
        Path mark = registry.directory().resolve("mark");
        String step = "touch " + mark;
        TestImage made =
                new TestImage()
                        .defaults(
                                """
                                "OnBuild":["RUN %1$s"],"Shell":["/bin/sh","-c","%1$s"],
                                "Healthcheck":{"Test":["CMD-SHELL","%1$s"],"Interval":1000000}\
                                """
                                        .formatted(step))
                        .layer(
                                new TestTar()
                                        .dir("bin", 0755)
                                        .file("bin/sh", 04755, "#!/bin/sh\n" + step)
                                        .file("Dockerfile", 0644, "RUN " + step),
                                TestImage.Packing.ZSTD);
        made.push(registry.address(), "app", "v1");
        long ended = faultsOfChildrenThatEnded();
        List<Long> children = children();
        Image image = registry.images().pull(registry.address() + "/app:v1");
        assertThat(image.id()).isEqualTo(made.id());
        assertThat(children()).as("programs that run").isEqualTo(children);
        assertThat(faultsOfChildrenThatEnded()).as("programs that ran").isEqualTo(ended);
        assertThat(mark).doesNotExist();
    }

    private static List<Long> children() {
        return ProcessHandle.current().descendants().map(ProcessHandle::pid).sorted().toList();
    }

    /// Page faults of all children that this process has waited for: any program that ran and ended
    /// adds some. `cminflt` of proc(5), the eleventh field.
    private static long faultsOfChildrenThatEnded() throws IOException {
        String stat = Files.readString(Path.of("/proc/self/stat"));
        return Long.parseLong(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[8]);
    }
}
