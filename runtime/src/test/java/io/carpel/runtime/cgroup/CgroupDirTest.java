package io.carpel.runtime.cgroup;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.linux.Errno;
import io.carpel.runtime.linux.ErrnoException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CgroupDirTest {
    @TempDir Path directory;

    private RuntimeException refused(Path dir, int errno) {
        return new CgroupDir(dir)
                .refused("io.max", "8:7 rbps=1", new ErrnoException("write", "io.max", errno));
    }

    @Test
    void whoseFaultARefusalIs() {
        assertThat(refused(directory, Errno.EINVAL)).isInstanceOf(InvalidArgumentException.class);
        assertThat(refused(directory, Errno.ENODEV)).isInstanceOf(InvalidArgumentException.class);
        assertThat(refused(directory, Errno.E2BIG)).isInstanceOf(InvalidArgumentException.class);
        assertThat(refused(directory, Errno.EBUSY)).isInstanceOf(FailedPreconditionException.class);
        assertThat(refused(directory, Errno.EACCES))
                .isInstanceOf(FailedPreconditionException.class);
        assertThat(refused(directory, Errno.ENOTSUP))
                .isInstanceOf(FailedPreconditionException.class);
        assertThat(refused(directory, Errno.EIO)).isInstanceOf(KernelFaultException.class);
    }

    @Test
    void aGroupThatHasGoneIsNobodysFault() {
        assertThat(refused(directory.resolve("gone"), Errno.ENODEV))
                .isInstanceOf(KernelFaultException.class);
    }

    @Test
    void aRefusalNamesFileAndValue() {
        assertThat(refused(directory, Errno.EACCES))
                .hasMessageContaining("8:7 rbps=1")
                .hasMessageContaining(directory.resolve("io.max").toString());
    }
}
