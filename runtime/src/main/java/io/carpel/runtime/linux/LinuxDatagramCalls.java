package io.carpel.runtime.linux;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.charset.StandardCharsets;

/// [DatagramCalls] by libc.
public final class LinuxDatagramCalls implements DatagramCalls {
    static {
        Native.register(LinuxDatagramCalls.class, "c");
    }

    // sys/socket.h, sys/un.h
    private static final short AF_UNIX = 1;
    private static final int SOCK_DGRAM_CLOEXEC = 2 | 0x8_0000;
    private static final int MSG_DONTWAIT_NOSIGNAL = 0x40 | 0x4000;
    private static final int PATH_OFFSET = 2;
    private static final int MAX_PATH = 107;

    @Override
    public void send(String address, byte[] data) throws ErrnoException {
        byte[] path = address.getBytes(StandardCharsets.UTF_8);
        if (path.length == 0 || path.length > MAX_PATH) {
            throw new ErrnoException("sendto", address, Errno.ENAMETOOLONG);
        }
        try (Fd socket = new Fd(socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0));
                Memory name = new Memory(PATH_OFFSET + MAX_PATH + 1L)) {
            name.clear();
            name.setShort(0, AF_UNIX);
            name.write(PATH_OFFSET, path, 0, path.length);
            if (path[0] == '@') {
                // An abstract name begins with a zero and is as long as the length says.
                name.setByte(PATH_OFFSET, (byte) 0);
            }
            sendto(
                    socket.number(),
                    data,
                    data.length,
                    MSG_DONTWAIT_NOSIGNAL,
                    name,
                    PATH_OFFSET + path.length);
        } catch (LastErrorException e) {
            throw new ErrnoException("sendto", address, e.getErrorCode());
        }
    }

    private static native int socket(int domain, int type, int protocol) throws LastErrorException;

    private static native long sendto(
            int fd, byte[] data, long length, int flags, Pointer address, int addressLength)
            throws LastErrorException;
}
