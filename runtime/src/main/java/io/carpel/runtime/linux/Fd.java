package io.carpel.runtime.linux;

import com.sun.jna.LastErrorException;
import com.sun.jna.Native;
import java.util.concurrent.atomic.AtomicInteger;

/// An open file descriptor that this process owns; closed exactly once.
///
/// Thread-safe as far as closing goes: the number must not be used by another thread after
/// [#close].
public final class Fd implements AutoCloseable {
    static {
        Native.register(Fd.class, "c");
    }

    private final AtomicInteger number;

    /// Takes ownership of `number`, which must be a valid descriptor.
    public Fd(int number) {
        if (number < 0) {
            throw new IllegalArgumentException("not a descriptor: " + number);
        }
        this.number = new AtomicInteger(number);
    }

    /// @throws IllegalStateException after [#close] or [#release]
    public int number() {
        int fd = number.get();
        if (fd < 0) {
            throw new IllegalStateException("descriptor already closed");
        }
        return fd;
    }

    /// Gives the number away: the caller closes it from now on.
    public int release() {
        int fd = number.getAndSet(-1);
        if (fd < 0) {
            throw new IllegalStateException("descriptor already closed");
        }
        return fd;
    }

    /// The path by which this process can name the open file: `/proc/self/fd/N`.
    public String procPath() {
        return "/proc/self/fd/" + number();
    }

    @Override
    public void close() {
        int fd = number.getAndSet(-1);
        if (fd >= 0) {
            try {
                close(fd);
            } catch (LastErrorException _) {
                // close(2): the descriptor is gone whatever is returned, and a retry could close
                // somebody else's.
            }
        }
    }

    private static native int close(int fd) throws LastErrorException;

    @Override
    public String toString() {
        return "Fd[" + number.get() + "]";
    }
}
