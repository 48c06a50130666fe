package io.carpel.runtime.linux;

import java.io.IOException;

/// A system call failed: which one, on what, and with which errno.
///
/// Extends [IOException] so that file work mixing NIO and system calls has one checked type.
public final class ErrnoException extends IOException {
    private static final long serialVersionUID = 1L;

    private final String call;
    private final int errno;

    /// @param call the system call's name, for example `openat2`
    /// @param subject the path or object it was made on; may be empty
    /// @param errno the positive error number as in `errno(3)`
    public ErrnoException(String call, String subject, int errno) {
        super(
                subject.isEmpty()
                        ? call + ": " + Errno.describe(errno)
                        : call + " " + subject + ": " + Errno.describe(errno));
        this.call = call;
        this.errno = errno;
    }

    public String call() {
        return call;
    }

    /// The positive error number; compare with the constants of [Errno].
    public int errno() {
        return errno;
    }

    public boolean is(int expected) {
        return errno == expected;
    }
}
