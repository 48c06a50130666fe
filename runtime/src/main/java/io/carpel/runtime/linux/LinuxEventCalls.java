package io.carpel.runtime.linux;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// [EventCalls] by libc.
public final class LinuxEventCalls implements EventCalls {
    static {
        Native.register(LinuxEventCalls.class, "c");
    }

    private static final int CLOEXEC = 0x8_0000;
    private static final int NONBLOCK = 0x800;
    private static final int EPOLL_CTL_ADD = 1;
    private static final int EPOLL_CTL_DEL = 2;
    private static final int INOTIFY_HEADER = 16;
    private static final int INOTIFY_BUFFER = 16 * 1024;

    // struct epoll_event is packed on amd64 only.
    private static final boolean PACKED = !"aarch64".equals(System.getProperty("os.arch"));
    private static final int EVENT_SIZE = PACKED ? 12 : 16;
    private static final int DATA_OFFSET = PACKED ? 4 : 8;

    @Override
    public Fd epoll() throws ErrnoException {
        try {
            return new Fd(epoll_create1(CLOEXEC));
        } catch (LastErrorException e) {
            throw new ErrnoException("epoll_create1", "", e.getErrorCode());
        }
    }

    @Override
    public void epollAdd(Fd epoll, int fd, int events, long data) throws ErrnoException {
        try (Memory event = new Memory(EVENT_SIZE)) {
            event.clear();
            event.setInt(0, events);
            event.setLong(DATA_OFFSET, data);
            epoll_ctl(epoll.number(), EPOLL_CTL_ADD, fd, event);
        } catch (LastErrorException e) {
            throw new ErrnoException("epoll_ctl", "add " + fd, e.getErrorCode());
        }
    }

    @Override
    public void epollRemove(Fd epoll, int fd) throws ErrnoException {
        try {
            epoll_ctl(epoll.number(), EPOLL_CTL_DEL, fd, Pointer.NULL);
        } catch (LastErrorException e) {
            throw new ErrnoException("epoll_ctl", "remove " + fd, e.getErrorCode());
        }
    }

    @Override
    public List<Ready> epollWait(Fd epoll, int max, Duration timeout) throws ErrnoException {
        int millis = (int) Math.min(Integer.MAX_VALUE, Math.max(0, timeout.toMillis()));
        try (Memory events = new Memory((long) EVENT_SIZE * max)) {
            int count = epoll_wait(epoll.number(), events, max, millis);
            var ready = new ArrayList<Ready>(count);
            for (int i = 0; i < count; i++) {
                long at = (long) i * EVENT_SIZE;
                ready.add(new Ready(events.getInt(at), events.getLong(at + DATA_OFFSET)));
            }
            return List.copyOf(ready);
        } catch (LastErrorException e) {
            if (e.getErrorCode() == Errno.EINTR) {
                return List.of();
            }
            throw new ErrnoException("epoll_wait", "", e.getErrorCode());
        }
    }

    @Override
    public Fd eventfd() throws ErrnoException {
        try {
            return new Fd(eventfd(0, CLOEXEC | NONBLOCK));
        } catch (LastErrorException e) {
            throw new ErrnoException("eventfd", "", e.getErrorCode());
        }
    }

    @Override
    public void signal(Fd eventfd) throws ErrnoException {
        try (Memory one = new Memory(8)) {
            one.setLong(0, 1);
            write(eventfd.number(), one, 8);
        } catch (LastErrorException e) {
            // EAGAIN: the counter is full, so it is readable as intended.
            if (e.getErrorCode() != Errno.EAGAIN) {
                throw new ErrnoException("write", "eventfd", e.getErrorCode());
            }
        }
    }

    @Override
    public long drain(Fd eventfd) throws ErrnoException {
        try (Memory count = new Memory(8)) {
            read(eventfd.number(), count, 8);
            return count.getLong(0);
        } catch (LastErrorException e) {
            if (e.getErrorCode() == Errno.EAGAIN) {
                return 0;
            }
            throw new ErrnoException("read", "eventfd", e.getErrorCode());
        }
    }

    @Override
    public Fd inotify() throws ErrnoException {
        try {
            return new Fd(inotify_init1(CLOEXEC | NONBLOCK));
        } catch (LastErrorException e) {
            throw new ErrnoException("inotify_init1", "", e.getErrorCode());
        }
    }

    @Override
    public int watch(Fd inotify, Path path, int mask) throws ErrnoException {
        try {
            return inotify_add_watch(inotify.number(), LinuxMountCalls.cString(path), mask);
        } catch (LastErrorException e) {
            throw new ErrnoException("inotify_add_watch", path.toString(), e.getErrorCode());
        }
    }

    @Override
    public void unwatch(Fd inotify, int watch) throws ErrnoException {
        try {
            inotify_rm_watch(inotify.number(), watch);
        } catch (LastErrorException e) {
            // EINVAL: the file went away first, and the watch with it.
            if (e.getErrorCode() != Errno.EINVAL) {
                throw new ErrnoException("inotify_rm_watch", "", e.getErrorCode());
            }
        }
    }

    @Override
    public List<FileEvent> events(Fd inotify) throws ErrnoException {
        try (Memory buffer = new Memory(INOTIFY_BUFFER)) {
            long length = read(inotify.number(), buffer, INOTIFY_BUFFER);
            var events = new ArrayList<FileEvent>();
            for (long at = 0; at < length; ) {
                int nameLength = buffer.getInt(at + 12);
                byte[] name = buffer.getByteArray(at + INOTIFY_HEADER, nameLength);
                events.add(new FileEvent(buffer.getInt(at), buffer.getInt(at + 4), text(name)));
                at += INOTIFY_HEADER + nameLength;
            }
            return List.copyOf(events);
        } catch (LastErrorException e) {
            if (e.getErrorCode() == Errno.EAGAIN) {
                return List.of();
            }
            throw new ErrnoException("read", "inotify", e.getErrorCode());
        }
    }

    private static String text(byte[] padded) {
        int end = 0;
        while (end < padded.length && padded[end] != 0) {
            end++;
        }
        return new String(padded, 0, end, StandardCharsets.UTF_8);
    }

    private static native int epoll_create1(int flags) throws LastErrorException;

    private static native int epoll_ctl(int epoll, int operation, int fd, Pointer event)
            throws LastErrorException;

    private static native int epoll_wait(int epoll, Pointer events, int max, int timeout)
            throws LastErrorException;

    private static native int eventfd(int initial, int flags) throws LastErrorException;

    private static native int inotify_init1(int flags) throws LastErrorException;

    private static native int inotify_add_watch(int fd, byte[] path, int mask)
            throws LastErrorException;

    private static native int inotify_rm_watch(int fd, int watch) throws LastErrorException;

    private static native long read(int fd, Pointer buffer, long count) throws LastErrorException;

    private static native long write(int fd, Pointer buffer, long count) throws LastErrorException;
}
