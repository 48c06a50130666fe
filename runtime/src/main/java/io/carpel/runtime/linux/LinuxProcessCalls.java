package io.carpel.runtime.linux;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// [ProcessCalls] by glibc 2.34 or newer (`posix_spawn_file_actions_addclosefrom_np`).
public final class LinuxProcessCalls implements ProcessCalls {
    static {
        Native.register(LinuxProcessCalls.class, "c");
    }

    // spawn.h
    private static final short POSIX_SPAWN_SETSIGDEF = 0x04;
    private static final short POSIX_SPAWN_SETSIGMASK = 0x08;
    private static final short POSIX_SPAWN_SETSID = 0x80;

    // sizeof(posix_spawnattr_t) is 336, of posix_spawn_file_actions_t 80, of sigset_t 128.
    private static final int ATTRIBUTES_SIZE = 512;
    private static final int ACTIONS_SIZE = 256;
    private static final int SIGNAL_SET_SIZE = 128;

    private static final int O_RDWR = 2;

    // asm-generic/unistd.h
    private static final long NR_PIDFD_SEND_SIGNAL = 424;
    private static final long NR_PIDFD_OPEN = 434;

    @Override
    public int spawn(String program, List<String> arguments) throws ErrnoException {
        // posix_spawn's family returns the error instead of setting errno.
        try (var attributes = new Memory(ATTRIBUTES_SIZE);
                var actions = new Memory(ACTIONS_SIZE);
                var signals = new Memory(SIGNAL_SET_SIZE)) {
            check("posix_spawnattr_init", posix_spawnattr_init(attributes));
            check("posix_spawn_file_actions_init", posix_spawn_file_actions_init(actions));
            try {
                return spawn(program, arguments, attributes, actions, signals);
            } finally {
                check(
                        "posix_spawn_file_actions_destroy",
                        posix_spawn_file_actions_destroy(actions));
                check("posix_spawnattr_destroy", posix_spawnattr_destroy(attributes));
            }
        }
    }

    private static int spawn(
            String program, List<String> arguments, Memory attributes, Memory actions, Memory set)
            throws ErrnoException {
        short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID;
        check("posix_spawnattr_setflags", posix_spawnattr_setflags(attributes, flags));
        set.clear();
        check("posix_spawnattr_setsigmask", posix_spawnattr_setsigmask(attributes, set));
        sigfillset(set);
        check("posix_spawnattr_setsigdefault", posix_spawnattr_setsigdefault(attributes, set));
        check(
                "addopen",
                posix_spawn_file_actions_addopen(actions, 0, cString("/dev/null"), O_RDWR, 0));
        check("adddup2", posix_spawn_file_actions_adddup2(actions, 0, 1));
        check("addclosefrom", posix_spawn_file_actions_addclosefrom_np(actions, 3));
        int size = arguments.stream().mapToInt(text -> cString(text).length).sum();
        try (var strings = new Memory(Math.max(1, size));
                var argv = new Memory((arguments.size() + 1L) * Native.POINTER_SIZE);
                var environment = new Memory(Native.POINTER_SIZE)) {
            argv.clear();
            environment.clear();
            long at = 0;
            for (int i = 0; i < arguments.size(); i++) {
                byte[] text = cString(arguments.get(i));
                strings.write(at, text, 0, text.length);
                argv.setPointer((long) i * Native.POINTER_SIZE, strings.share(at));
                at += text.length;
            }
            var pid = new IntByReference();
            int error = posix_spawn(pid, cString(program), actions, attributes, argv, environment);
            if (error != 0) {
                throw new ErrnoException("posix_spawn", program, error);
            }
            return pid.getValue();
        }
    }

    @Override
    public int waitFor(int pid) throws ErrnoException {
        var status = new IntByReference();
        while (true) {
            try {
                waitpid(pid, status, 0);
                int value = status.getValue();
                int signal = value & 0x7f;
                return signal != 0 ? 128 + signal : value >> 8 & 0xff;
            } catch (LastErrorException e) {
                if (e.getErrorCode() != Errno.EINTR) {
                    throw new ErrnoException("waitpid", Integer.toString(pid), e.getErrorCode());
                }
            }
        }
    }

    @Override
    public Fd openPid(int pid) throws ErrnoException {
        try {
            return new Fd(syscall(new NativeLong(NR_PIDFD_OPEN), pid, 0, null, 0).intValue());
        } catch (LastErrorException e) {
            throw new ErrnoException("pidfd_open", Integer.toString(pid), e.getErrorCode());
        }
    }

    @Override
    public void signal(Fd pidfd, int signal) throws ErrnoException {
        try {
            syscall(new NativeLong(NR_PIDFD_SEND_SIGNAL), pidfd.number(), signal, null, 0);
        } catch (LastErrorException e) {
            throw new ErrnoException("pidfd_send_signal", "", e.getErrorCode());
        }
    }

    @Override
    public void kill(int pid, int signal) throws ErrnoException {
        try {
            kill0(pid, signal);
        } catch (LastErrorException e) {
            throw new ErrnoException("kill", Integer.toString(pid), e.getErrorCode());
        }
    }

    private static void check(String call, int error) throws ErrnoException {
        if (error != 0) {
            throw new ErrnoException(call, "", error);
        }
    }

    private static byte[] cString(String text) {
        return (text + '\0').getBytes(StandardCharsets.UTF_8);
    }

    private static void kill0(int pid, int signal) throws LastErrorException {
        // SYS_kill differs between architectures; libc's function has the name of our method.
        CLibrary.kill(pid, signal);
    }

    private static native int posix_spawnattr_init(Pointer attributes);

    private static native int posix_spawnattr_destroy(Pointer attributes);

    private static native int posix_spawnattr_setflags(Pointer attributes, short flags);

    private static native int posix_spawnattr_setsigmask(Pointer attributes, Pointer set);

    private static native int posix_spawnattr_setsigdefault(Pointer attributes, Pointer set);

    private static native int posix_spawn_file_actions_init(Pointer actions);

    private static native int posix_spawn_file_actions_destroy(Pointer actions);

    private static native int posix_spawn_file_actions_addopen(
            Pointer actions, int fd, byte[] path, int flags, int mode);

    private static native int posix_spawn_file_actions_adddup2(Pointer actions, int from, int to);

    private static native int posix_spawn_file_actions_addclosefrom_np(Pointer actions, int from);

    private static native int sigfillset(Pointer set);

    private static native int posix_spawn(
            IntByReference pid,
            byte[] program,
            Pointer actions,
            Pointer attributes,
            Pointer argv,
            Pointer environment);

    private static native int waitpid(int pid, IntByReference status, int options)
            throws LastErrorException;

    private static native NativeLong syscall(
            NativeLong number, int first, int second, @Nullable Pointer third, int fourth)
            throws LastErrorException;

    /// Functions whose names are taken by methods of the interface.
    private static final class CLibrary {
        static {
            Native.register(CLibrary.class, "c");
        }

        private CLibrary() {}

        static native int kill(int pid, int signal) throws LastErrorException;
    }
}
