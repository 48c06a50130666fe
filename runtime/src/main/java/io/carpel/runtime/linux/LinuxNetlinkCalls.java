package io.carpel.runtime.linux;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;

/// [NetlinkCalls] by libc.
public final class LinuxNetlinkCalls implements NetlinkCalls {
    static {
        Native.register(LinuxNetlinkCalls.class, "c");
    }

    // sys/socket.h, linux/netlink.h
    private static final int AF_NETLINK = 16;
    private static final int SOCK_RAW_CLOEXEC = 3 | 0x8_0000;
    private static final int SOL_SOCKET = 1;
    private static final int SO_RCVTIMEO = 20;
    private static final int SOL_NETLINK = 270;
    private static final int NETLINK_EXT_ACK = 11;
    private static final int MSG_TRUNC = 0x20;
    private static final int SOCKADDR_NL_SIZE = 12;
    private static final int SOCKADDR_NL_PID = 4;
    private static final long TIMEOUT_SECONDS = 10;

    @Override
    public Fd open(int protocol) throws ErrnoException {
        int number;
        try {
            number = socket(AF_NETLINK, SOCK_RAW_CLOEXEC, protocol);
        } catch (LastErrorException e) {
            throw new ErrnoException("socket", "AF_NETLINK " + protocol, e.getErrorCode());
        }
        Fd socket = new Fd(number);
        try (Memory value = new Memory(16);
                Memory address = new Memory(SOCKADDR_NL_SIZE)) {
            value.setLong(0, TIMEOUT_SECONDS);
            value.setLong(8, 0);
            setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, value, 16);
            value.setInt(0, 1);
            setsockopt(number, SOL_NETLINK, NETLINK_EXT_ACK, value, 4);
            address.clear();
            address.setShort(0, (short) AF_NETLINK);
            bind(number, address, SOCKADDR_NL_SIZE);
            return socket;
        } catch (LastErrorException e) {
            socket.close();
            throw new ErrnoException(
                    "setsockopt or bind", "AF_NETLINK " + protocol, e.getErrorCode());
        }
    }

    @Override
    public void send(Fd socket, byte[] messages) throws ErrnoException {
        while (true) {
            try (Memory kernel = new Memory(SOCKADDR_NL_SIZE)) {
                kernel.clear();
                kernel.setShort(0, (short) AF_NETLINK);
                sendto(socket.number(), messages, messages.length, 0, kernel, SOCKADDR_NL_SIZE);
                return;
            } catch (LastErrorException e) {
                if (e.getErrorCode() != Errno.EINTR) {
                    throw new ErrnoException("sendto", "netlink", e.getErrorCode());
                }
            }
        }
    }

    @Override
    public int receive(Fd socket, byte[] buffer) throws ErrnoException {
        try (Memory sender = new Memory(SOCKADDR_NL_SIZE);
                Memory senderSize = new Memory(4)) {
            while (true) {
                senderSize.setInt(0, SOCKADDR_NL_SIZE);
                long length;
                try {
                    length =
                            recvfrom(
                                    socket.number(),
                                    buffer,
                                    buffer.length,
                                    MSG_TRUNC,
                                    sender,
                                    senderSize);
                } catch (LastErrorException e) {
                    if (e.getErrorCode() == Errno.EINTR) {
                        continue;
                    }
                    throw new ErrnoException("recvfrom", "netlink", e.getErrorCode());
                }
                if (sender.getInt(SOCKADDR_NL_PID) != 0) {
                    continue; // not the kernel
                }
                if (length > buffer.length) {
                    throw new ErrnoException(
                            "recvfrom", "netlink: " + length + " bytes", Errno.EMSGSIZE);
                }
                return (int) length;
            }
        }
    }

    private static native int socket(int domain, int type, int protocol) throws LastErrorException;

    private static native int setsockopt(int fd, int level, int name, Pointer value, int size)
            throws LastErrorException;

    private static native int bind(int fd, Pointer address, int size) throws LastErrorException;

    private static native long sendto(
            int fd, byte[] data, long length, int flags, Pointer address, int addressSize)
            throws LastErrorException;

    private static native long recvfrom(
            int fd, byte[] data, long length, int flags, Pointer address, Pointer addressSize)
            throws LastErrorException;
}
