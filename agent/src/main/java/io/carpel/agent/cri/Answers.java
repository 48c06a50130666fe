package io.carpel.agent.cri;

import com.google.protobuf.MessageLite;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/// How answers go out.
final class Answers {
    /// Enough for hundreds of ordinary items, and far from the 16 MiB that clients take.
    private static final int BATCH_BYTES = 1 << 20;

    private Answers() {}

    static <A> void one(StreamObserver<A> out, A answer) {
        out.onNext(answer);
        out.onCompleted();
    }

    /// Every item once, in batches that are never empty.
    static <T extends MessageLite, A> void batches(
            StreamObserver<A> out, List<T> items, Function<List<T>, A> message) {
        List<T> batch = new ArrayList<>();
        int bytes = 0;
        for (T item : items) {
            batch.add(item);
            bytes += item.getSerializedSize();
            if (bytes >= BATCH_BYTES) {
                out.onNext(message.apply(List.copyOf(batch)));
                batch.clear();
                bytes = 0;
            }
        }
        if (!batch.isEmpty()) {
            out.onNext(message.apply(List.copyOf(batch)));
        }
        out.onCompleted();
    }
}
