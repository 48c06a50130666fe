package io.carpel.runtime.linux;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/// epoll, eventfd and inotify: how the kernel tells that something happened.
public interface EventCalls {
    // sys/epoll.h
    int EPOLLIN = 0x001;
    int EPOLLPRI = 0x002;
    int EPOLLOUT = 0x004;
    int EPOLLERR = 0x008;
    int EPOLLHUP = 0x010;
    // sys/inotify.h
    int IN_MODIFY = 0x0000_0002;
    int IN_CLOSE_WRITE = 0x0000_0008;
    int IN_MOVED_FROM = 0x0000_0040;
    int IN_MOVED_TO = 0x0000_0080;
    int IN_CREATE = 0x0000_0100;
    int IN_DELETE = 0x0000_0200;
    int IN_DELETE_SELF = 0x0000_0400;
    int IN_IGNORED = 0x0000_8000;

    /// @param events `EPOLL*` bits
    /// @param data what was registered with the descriptor
    record Ready(int events, long data) {}

    /// @param watch the number that [#watch] gave
    /// @param mask `IN_*` bits
    /// @param name the file in a watched directory; empty for the watched file itself
    record FileEvent(int watch, int mask, String name) {}

    Fd epoll() throws ErrnoException;

    /// @param data comes back with each event
    void epollAdd(Fd epoll, int fd, int events, long data) throws ErrnoException;

    void epollRemove(Fd epoll, int fd) throws ErrnoException;

    /// Waits until something is ready or the time is over (then the answer is empty). Call it from
    /// a platform thread.
    List<Ready> epollWait(Fd epoll, int max, Duration timeout) throws ErrnoException;

    /// A counter that is readable when not 0 (`EFD_CLOEXEC | EFD_NONBLOCK`).
    Fd eventfd() throws ErrnoException;

    /// Adds one to the counter.
    void signal(Fd eventfd) throws ErrnoException;

    /// Reads and clears the counter; 0 when nothing was signalled.
    long drain(Fd eventfd) throws ErrnoException;

    /// An inotify instance (`IN_CLOEXEC | IN_NONBLOCK`).
    Fd inotify() throws ErrnoException;

    /// @return the watch's number
    int watch(Fd inotify, Path path, int mask) throws ErrnoException;

    void unwatch(Fd inotify, int watch) throws ErrnoException;

    /// What happened since the last call; empty when nothing did.
    List<FileEvent> events(Fd inotify) throws ErrnoException;
}
