package io.carpel.runtime.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HostSelinuxPolicyTest {
    @TempDir Path directory;

    @BeforeEach
    void layOut() throws IOException {
        write("fs/enforce", "0");
        write("fs/mls", "1");
        write("fs/context", "");
        write("current", "system_u:system_r:initrc_t:s0\0");
    }

    private void write(String name, String content) throws IOException {
        Path file = directory.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
    }

    private SelinuxPolicy policy() {
        return new HostSelinuxPolicy(
                directory.resolve("fs"),
                directory.resolve("etc"),
                directory.resolve("shared"),
                directory.resolve("current"));
    }

    @Test
    void isThereOnceAPolicyIsLoaded() throws IOException {
        assertThat(policy().enabled()).isTrue();
        assertThat(policy().enforcing()).isFalse();
        assertThat(policy().hasLevels()).isTrue();
        write("fs/enforce", "1");
        write("fs/mls", "0");
        assertThat(policy().enforcing()).isTrue();
        assertThat(policy().hasLevels()).isFalse();
        write("current", "kernel\0");
        assertThat(policy().enabled()).isFalse();
        write("current", "user_u:user_r:user_t:s0");
        Files.delete(directory.resolve("fs/enforce"));
        assertThat(policy().enabled()).isFalse();
    }

    @Test
    void readsTheLabelsOfThePolicyThatIsConfigured() throws IOException {
        assertThat(policy().contexts()).isEqualTo(ContainerContexts.USUAL);
        write("etc/targeted/contexts/lxc_contexts", "process = \"a_u:a_r:targeted_t:s0\"\n");
        assertThat(policy().contexts().process()).hasToString("a_u:a_r:targeted_t:s0");
        write("etc/config", "# SELINUXTYPE=no\nSELINUX=enforcing\n SELINUXTYPE=\"mine\"\n");
        write(
                "etc/mine/contexts/lxc_contexts",
                """
                # process = "no:no:no:s0"
                ; file = "no:no:no:s0"

                process="b_u:b_r:first_t:s0"
                process = "b_u:b_r:mine_t:s0"
                file = b_u:object_r:mine_file_t
                content = "b_u:object_r:other_t:s0"
                """);
        assertThat(policy().contexts().process()).hasToString("b_u:b_r:mine_t:s0");
        assertThat(policy().contexts().file()).hasToString("b_u:object_r:mine_file_t");
        write("shared", "file = \"c_u:object_r:shared_t:s0\"");
        assertThat(policy().contexts())
                .isEqualTo(
                        new ContainerContexts(
                                ContainerContexts.USUAL.process(),
                                new SelinuxContext("c_u", "object_r", "shared_t", "s0")));
    }

    @Test
    void whatCannotBeALabelIsAsUsual() throws IOException {
        write("etc/config", "SELINUXTYPE=../../outside\n");
        write("outside/contexts/lxc_contexts", "process = \"a:b:outside_t:s0\"\n");
        write(
                "etc/targeted/contexts/lxc_contexts",
                """
                process
                = "a:b:c:s0"
                process = "a:b\\",context=x:c:s0"
                process = "a:b:c:s99"
                process = "a:b"
                process = a:b:c:s0"
                file = ""
                file = "a:b:c:
                file = "%s:b:c:s0"
                """
                        .formatted("x".repeat(200)));
        assertThat(policy().contexts()).isEqualTo(ContainerContexts.USUAL);
        write("shared", "x = \0\n".repeat(100_000) + "process = \"a:b:late_t:s0\"\n");
        assertThat(policy().contexts()).isEqualTo(ContainerContexts.USUAL);
    }

    @Test
    void asksTheKernelByWriting() throws IOException {
        assertThat(policy().knows(ContainerContexts.USUAL.process())).isTrue();
        assertThat(directory.resolve("fs/context"))
                .hasContent("system_u:system_r:container_t:s0\0");
        Files.delete(directory.resolve("fs/context"));
        Files.createSymbolicLink(directory.resolve("fs/context"), Path.of("/dev/full"));
        assertThat(policy().knows(ContainerContexts.USUAL.process())).isFalse();
        assertThat(policy().categories()).isEqualTo(2);
    }
}
