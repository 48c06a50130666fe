package io.carpel.agent.pod;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.AlreadyExistsException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class NameIndexTest {
    private final NameIndex<String> names = new NameIndex<>("sandbox");

    @Test
    void aNameHasOneHolder() {
        names.reserve("web", "1");
        names.reserve("web", "1");
        assertThatThrownBy(() -> names.reserve("web", "2"))
                .isInstanceOf(AlreadyExistsException.class)
                .hasMessage("the name web is taken by sandbox 1");
        assertThat(names.isHeldBy("web", "1")).isTrue();
        assertThat(names.isHeldBy("web", "2")).isFalse();
    }

    @Test
    void aReleasedNameIsFree() {
        names.reserve("web", "1");
        names.release("1");
        names.release("1");
        names.release("unknown");
        names.reserve("web", "2");
        assertThat(names.isHeldBy("web", "2")).isTrue();
    }

    @Test
    void aRefusedObjectDoesNotFreeTheHoldersName() {
        names.reserve("web", "1");
        assertThatThrownBy(() -> names.reserve("web", "2"))
                .isInstanceOf(AlreadyExistsException.class);
        names.release("2");
        assertThat(names.isHeldBy("web", "1")).isTrue();
    }

    @Test
    void ofManyAtOnceExactlyOneWins() throws Exception {
        for (int round = 0; round < 50; round++) {
            String name = "name" + round;
            AtomicInteger won = new AtomicInteger();
            CountDownLatch go = new CountDownLatch(1);
            try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
                for (int i = 0; i < 20; i++) {
                    String id = round + "-" + i;
                    executor.execute(() -> {
                        try {
                            go.await();
                            names.reserve(name, id);
                            won.incrementAndGet();
                        } catch (AlreadyExistsException | InterruptedException _) {
                            // The losers are counted by what is missing.
                        }
                    });
                }
                go.countDown();
            }
            assertThat(won).hasValue(1);
        }
    }
}
