package io.carpel.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.UnavailableException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.Test;

final class TargetNamespaceTest {
    private static final int SELF = (int) ProcessHandle.current().pid();

    @Test
    void isTheOneThatWasThereWhenItWasAskedFor() throws Exception {
        Path path;
        try (TargetNamespace held = TargetNamespace.open("t", SELF, () -> SELF)) {
            path = held.path();
            assertThat(Files.readSymbolicLink(path))
                    .isEqualTo(Files.readSymbolicLink(Path.of("/proc/self/ns/pid")));
        }
        assertThat(Files.exists(path)).isFalse();
    }

    /// Here the number is a process's that is none of the container's.
    @Test
    void isNoneOnceTheTargetHasEnded() {
        IntSupplier gone =
                () -> {
                    throw new UnavailableException("the shim is gone");
                };
        for (IntSupplier answer : new IntSupplier[] {() -> 0, () -> SELF + 1, gone}) {
            assertThatThrownBy(() -> TargetNamespace.open("t", SELF, answer))
                    .isInstanceOf(FailedPreconditionException.class)
                    .hasMessage("target container t has ended");
        }
        assertThatThrownBy(() -> TargetNamespace.open("t", Integer.MAX_VALUE, () -> SELF))
                .isInstanceOf(FailedPreconditionException.class);
    }
}
