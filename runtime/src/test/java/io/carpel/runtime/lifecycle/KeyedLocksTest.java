package io.carpel.runtime.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.DeadlineExceededException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class KeyedLocksTest {
    private static final Duration LONG = Duration.ofSeconds(20);

    private final KeyedLocks locks = new KeyedLocks("pod");

    @Test
    void oneKeyOneHolderAndNoLeak() throws InterruptedException {
        int[] count = {0};
        var threads = new ArrayList<Thread>();
        for (int i = 0; i < 8; i++) {
            threads.add(
                    Thread.ofVirtual()
                            .start(() -> {
                                for (int n = 0; n < 500; n++) {
                                    try (var _ = locks.lock("a", LONG)) {
                                        count[0]++;
                                    }
                                }
                            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(count[0]).isEqualTo(4000);
        assertThat(locks.size()).isZero();
    }

    @Test
    void aWaitEndsAndHoldsUpNobodyElse() throws InterruptedException {
        var held = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        Thread holder =
                Thread.ofVirtual()
                        .start(() -> {
                            try (var _ = locks.lock("a", LONG)) {
                                held.countDown();
                                release.await();
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                        });
        assertThat(held.await(20, TimeUnit.SECONDS)).isTrue();
        assertThatThrownBy(() -> locks.lock("a", Duration.ofMillis(20)))
                .isInstanceOf(DeadlineExceededException.class)
                .hasMessageContaining("pod a");
        try (var _ = locks.lock("b", Duration.ZERO)) {
            assertThat(locks.size()).isEqualTo(2);
        }
        release.countDown();
        holder.join();
        assertThat(locks.size()).isZero();
    }

    @Test
    void aNamespaceThreadIsFreshAndPassesFailuresOn() throws IOException {
        Thread caller = Thread.currentThread();
        Thread worker = NamespaceThread.call("test", Thread::currentThread);
        assertThat(worker).isNotSameAs(caller);
        assertThat(worker.isVirtual()).isFalse();
        assertThatThrownBy(() ->
                        NamespaceThread.call(
                                "test",
                                () -> {
                                    throw new IOException("inside");
                                }))
                .isInstanceOf(IOException.class)
                .hasMessage("inside");
    }

    @Test
    void closesInReverseWhateverFails() {
        var closed = new ArrayList<String>();
        var closer = new Closer();
        closer.add(() -> closed.add("one"));
        closer.add(() -> {
            throw new IOException("broken");
        });
        closer.add(() -> closed.add("three"));
        assertThatThrownBy(closer::close).hasMessageContaining("broken");
        closer.close();
        assertThat(closed).containsExactly("three", "one");
    }
}
