package io.carpel.agent.streaming;

import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;

/// Brings the two streams of each forwarded connection together. Runs on the event loop only.
///
/// Newer clients name the pair by a request id; older ones open the error stream right before the
/// data stream, so that its id is two less.
final class SpdyPairs {
    /// Pairs of which one half is missing; a client that opens more halves is broken.
    static final int MAX_HALVES = 256;

    private final Map<String, StreamChannel> halves = new HashMap<>();
    private final BiConsumer<StreamChannel, StreamChannel> complete;

    /// @param complete takes the data stream and the error stream
    SpdyPairs(BiConsumer<StreamChannel, StreamChannel> complete) {
        this.complete = complete;
    }

    void opened(StreamChannel stream) {
        String type = stream.header("streamtype");
        boolean isData = type.equals("data");
        if (!isData && !type.equals("error")) {
            stream.reset();
            return;
        }
        String pair = pairOf(stream, isData);
        StreamChannel other = halves.remove(pair);
        if (other == null) {
            if (halves.size() >= MAX_HALVES) {
                stream.reset();
            } else {
                halves.put(pair, stream);
                // Or what a client gave up would count for as long as it stays.
                stream.whenBroken(() -> halves.remove(pair, stream));
            }
        } else if (other.header("streamtype").equals(type)) {
            other.reset();
            stream.reset();
        } else if (isData) {
            complete.accept(stream, other);
        } else {
            complete.accept(other, stream);
        }
    }

    private static String pairOf(StreamChannel stream, boolean isData) {
        String request = stream.header("requestid");
        if (!request.isEmpty()) {
            return request;
        }
        int id = Integer.parseInt(stream.header(":id"));
        return "#" + (isData ? id - 2 : id);
    }
}
