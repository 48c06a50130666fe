package io.carpel.runtime.container;

import java.util.concurrent.atomic.AtomicLong;

/// How much of what commands print is held at once, by all of them together: each alone may keep as
/// much as an answer takes, and a dozen of those would be the whole heap. Thread-safe.
final class OutputRoom {
    /// What each command may keep however many there are: more than a kubelet looks at.
    static final int SMALL = 16 << 10;

    private final AtomicLong free;

    /// @param bytes beyond the small amount of each
    OutputRoom(long bytes) {
        this.free = new AtomicLong(bytes);
    }

    /// @return how much of what is wanted there is; to be given back
    long take(long wanted) {
        long before = free.getAndUpdate(left -> left - Math.min(left, wanted));
        return Math.min(before, wanted);
    }

    void giveBack(long bytes) {
        free.addAndGet(bytes);
    }
}
