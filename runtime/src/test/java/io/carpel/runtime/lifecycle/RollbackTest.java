package io.carpel.runtime.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RollbackTest {
    private final List<String> undone = new ArrayList<>();

    @Test
    void undoesInReverseUnlessCommitted() {
        try (var undo = new Rollback()) {
            assertThat(undo.add("one", undone::add)).isEqualTo("one");
            undo.add(() -> undone.add("two"));
        }
        assertThat(undone).containsExactly("two", "one");
        try (var undo = new Rollback()) {
            undo.add("three", undone::add);
            undo.commit();
        }
        assertThat(undone).hasSize(2);
    }

    @Test
    void keepsTheFirstErrorAndGoesOn() {
        assertThatThrownBy(
                        () -> {
                            try (var undo = new Rollback()) {
                                undo.add("one", undone::add);
                                undo.add(() -> {
                                    throw new IOException("second");
                                });
                                undo.add(() -> {
                                    throw new IllegalStateException("first");
                                });
                                throw new IllegalArgumentException("body");
                            }
                        })
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("body")
                .satisfies(e -> {
                    assertThat(e.getSuppressed()).hasSize(1);
                    assertThat(e.getSuppressed()[0]).hasMessage("first");
                    assertThat(e.getSuppressed()[0].getSuppressed()[0]).hasMessage("second");
                });
        assertThat(undone).containsExactly("one");
    }

    @Test
    void anInterruptDoesNotSkipTheRest() {
        try {
            assertThatThrownBy(
                            () -> {
                                try (var undo = new Rollback()) {
                                    undo.add("one", undone::add);
                                    undo.add(() -> {
                                        throw new InterruptedException("hurry");
                                    });
                                }
                            })
                    .hasMessageContaining("hurry");
            assertThat(undone).containsExactly("one");
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }
}
