package io.carpel.runtime.linux;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;

/// [NamespaceCalls] by libc.
public final class LinuxNamespaceCalls implements NamespaceCalls {
    static {
        Native.register(LinuxNamespaceCalls.class, "c");
    }

    // fcntl.h, sys/socket.h, linux/sockios.h, linux/if.h, linux/nsfs.h
    private static final int O_RDONLY_CLOEXEC = 0x8_0000;
    private static final int AF_INET = 2;
    private static final int SOCK_DGRAM_CLOEXEC = 2 | 0x8_0000;
    private static final int SIOCGIFFLAGS = 0x8913;
    private static final int SIOCSIFFLAGS = 0x8914;
    private static final int IFNAMSIZ = 16;
    private static final int IFREQ_SIZE = 40;
    private static final short IFF_UP = 1;
    private static final int NS_GET_USERNS = 0xb701;
    private static final int NS_GET_PARENT = 0xb702;
    private static final int NS_GET_NSTYPE = 0xb703;
    private static final int NS_GET_OWNER_UID = 0xb704;

    private static final boolean ARM = "aarch64".equals(System.getProperty("os.arch"));
    private static final long NR_SETRESUID = ARM ? 147 : 117;
    private static final long NR_SETRESGID = ARM ? 149 : 119;

    @Override
    public Fd open(Path namespaceFile) throws ErrnoException {
        try {
            return new Fd(open(LinuxMountCalls.cString(namespaceFile), O_RDONLY_CLOEXEC));
        } catch (LastErrorException e) {
            throw new ErrnoException("open", namespaceFile.toString(), e.getErrorCode());
        }
    }

    @Override
    public void unshare(Set<NamespaceKind> kinds) throws ErrnoException {
        refuseVirtualThread("unshare");
        int flags = 0;
        for (NamespaceKind kind : kinds) {
            flags |= kind.flag();
        }
        try {
            unshare(flags);
        } catch (LastErrorException e) {
            throw new ErrnoException("unshare", kinds.toString(), e.getErrorCode());
        }
    }

    @Override
    public void setns(Fd namespace, NamespaceKind kind) throws ErrnoException {
        refuseVirtualThread("setns");
        try {
            setns(namespace.number(), kind.flag());
        } catch (LastErrorException e) {
            throw new ErrnoException("setns", kind.procName(), e.getErrorCode());
        }
    }

    @Override
    public void setHostname(String name) throws ErrnoException {
        refuseVirtualThread("sethostname");
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        try {
            sethostname(bytes, bytes.length);
        } catch (LastErrorException e) {
            throw new ErrnoException("sethostname", name, e.getErrorCode());
        }
    }

    @Override
    public void interfaceUp(String name) throws ErrnoException {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        if (bytes.length >= IFNAMSIZ) {
            throw new ErrnoException("ioctl SIOCSIFFLAGS", name, Errno.ENAMETOOLONG);
        }
        try (Fd socket = new Fd(socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0));
                Memory request = new Memory(IFREQ_SIZE)) {
            request.clear();
            request.write(0, bytes, 0, bytes.length);
            ioctl(socket.number(), SIOCGIFFLAGS, request);
            request.setShort(IFNAMSIZ, (short) (request.getShort(IFNAMSIZ) | IFF_UP));
            ioctl(socket.number(), SIOCSIFFLAGS, request);
        } catch (LastErrorException e) {
            throw new ErrnoException("ioctl SIOCSIFFLAGS", name, e.getErrorCode());
        }
    }

    @Override
    public void assumeIds(long uid, long gid) throws ErrnoException {
        refuseVirtualThread("setresuid");
        try {
            // Raw calls: libc's wrappers would change every thread of the process.
            syscall(NR_SETRESGID, -1, (int) gid, (int) gid);
            syscall(NR_SETRESUID, -1, (int) uid, (int) uid);
        } catch (LastErrorException e) {
            throw new ErrnoException("setresuid", uid + ":" + gid, e.getErrorCode());
        }
    }

    @Override
    public NamespaceKind kind(Fd namespace) throws ErrnoException {
        int flag = nsIoctl("NS_GET_NSTYPE", namespace, NS_GET_NSTYPE);
        return NamespaceKind.ofFlag(flag)
                .orElseThrow(() ->
                        new ErrnoException(
                                "ioctl NS_GET_NSTYPE",
                                "kind 0x" + Integer.toHexString(flag),
                                Errno.EINVAL));
    }

    @Override
    public Fd owner(Fd namespace) throws ErrnoException {
        return new Fd(nsIoctl("NS_GET_USERNS", namespace, NS_GET_USERNS));
    }

    @Override
    public Fd parent(Fd namespace) throws ErrnoException {
        return new Fd(nsIoctl("NS_GET_PARENT", namespace, NS_GET_PARENT));
    }

    @Override
    public long ownerUid(Fd userNamespace) throws ErrnoException {
        try (Memory uid = new Memory(4)) {
            ioctl(userNamespace.number(), NS_GET_OWNER_UID, uid);
            return Integer.toUnsignedLong(uid.getInt(0));
        } catch (LastErrorException e) {
            throw new ErrnoException("ioctl NS_GET_OWNER_UID", "", e.getErrorCode());
        }
    }

    private static int nsIoctl(String name, Fd namespace, int request) throws ErrnoException {
        try {
            return ioctl(namespace.number(), request, Pointer.NULL);
        } catch (LastErrorException e) {
            throw new ErrnoException("ioctl " + name, "", e.getErrorCode());
        }
    }

    private static void refuseVirtualThread(String call) {
        if (Thread.currentThread().isVirtual()) {
            throw new IllegalStateException(call + " would change the carrier of a virtual thread");
        }
    }

    private static native int open(byte[] path, int flags) throws LastErrorException;

    private static native long syscall(long number, int real, int effective, int saved)
            throws LastErrorException;

    private static native int unshare(int flags) throws LastErrorException;

    private static native int setns(int fd, int flag) throws LastErrorException;

    private static native int sethostname(byte[] name, long length) throws LastErrorException;

    private static native int socket(int domain, int type, int protocol) throws LastErrorException;

    private static native int ioctl(int fd, long request, Pointer argument)
            throws LastErrorException;
}
