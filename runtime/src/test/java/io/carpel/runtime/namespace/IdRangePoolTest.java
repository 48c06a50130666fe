package io.carpel.runtime.namespace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.error.ResourceExhaustedException;
import io.carpel.runtime.spec.IdMapping;
import io.carpel.runtime.spec.RemapSpec;
import io.carpel.runtime.spec.UserNamespaceSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdRangePoolTest {
    private static final RemapSpec WANTED = new RemapSpec("carpel", 100);

    @TempDir Path directory;

    private IdRangePool pool(String uids, String gids) throws IOException {
        Path subuid = Files.writeString(directory.resolve("subuid"), uids);
        return new IdRangePool(subuid, Files.writeString(directory.resolve("subgid"), gids));
    }

    private static UserNamespaceSpec maps(long first, long size) {
        var map = List.of(new IdMapping(0, first, size));
        return new UserNamespaceSpec(map, map);
    }

    @Test
    void rangesFollowEachOtherThroughAllLinesAndAreFreed() throws IOException {
        IdRangePool pool = pool("carpel:1000:250\ncarpel:5000:100\n", "carpel:9000:300\n");
        assertThat(pool.take("a", WANTED).hostRootUid()).isEqualTo(1000);
        assertThat(pool.take("b", WANTED).hostRootUid()).isEqualTo(1100);
        UserNamespaceSpec third = pool.take("c", WANTED);
        assertThat(third.uids()).containsExactly(new IdMapping(0, 5000, 100));
        assertThat(third.gids()).containsExactly(new IdMapping(0, 9200, 100));
        assertThatThrownBy(() -> pool.take("d", WANTED))
                .isInstanceOf(ResourceExhaustedException.class)
                .hasMessageContaining("no 100 ids in a row")
                .hasMessageContaining("subuid gives to carpel: 3 sandboxes");
        pool.release("b");
        pool.release("never held");
        assertThat(pool.take("d", WANTED).hostRootUid()).isEqualTo(1100);
    }

    @Test
    void whatOthersHaveIsGoneRound() throws IOException {
        IdRangePool pool = pool("carpel:1000:1000\n", "carpel:1000:1000\n");
        pool.claim("before", maps(900, 150)); // reaches into the range
        pool.claim("inside", maps(1200, 10));
        pool.claim("elsewhere", maps(70_000, 65_536));
        assertThat(pool.take("a", WANTED).hostRootUid()).isEqualTo(1050);
        assertThat(pool.take("b", WANTED).hostRootUid()).isEqualTo(1210);
        assertThat(pool.take("c", new RemapSpec("carpel", 50)).hostRootUid()).isEqualTo(1150);
    }

    @Test
    void aLineThatIsAddedCountsAtOnce() throws IOException {
        IdRangePool pool = pool("other:1000:100\n", "carpel:1000:100\n");
        assertThatThrownBy(() -> pool.take("a", WANTED)).isInstanceOf(NotFoundException.class);
        pool("other:1000:100\ncarpel:2000:100\n", "carpel:1000:100\n");
        assertThat(pool.take("a", WANTED).hostRootUid()).isEqualTo(2000);
    }

    @Test
    void manyAtOnceGetDifferentRanges() throws Exception {
        IdRangePool pool = pool("carpel:1000:20000\n", "carpel:1000:20000\n");
        Set<Long> seen = new HashSet<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<UserNamespaceSpec>> taken =
                    IntStream.range(0, 200)
                            .mapToObj(i -> threads.submit(() -> pool.take("pod " + i, WANTED)))
                            .toList();
            for (Future<UserNamespaceSpec> each : taken) {
                assertThat(seen.add(each.get().hostRootUid())).isTrue();
            }
        }
        assertThat(seen).hasSize(200);
    }

    @Test
    void wishesThatCannotBeAreRefused() {
        assertThatThrownBy(() -> new RemapSpec("", 1)).isInstanceOf(InvalidArgumentException.class);
        assertThatThrownBy(() -> new RemapSpec("x", 0))
                .isInstanceOf(InvalidArgumentException.class);
    }
}
